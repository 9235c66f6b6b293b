//! What answers say, whole, odd, damaged and forged.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::Ttl;
use domain::base::iana::Rcode;
use domain::base::message_builder::AnswerBuilder;
use domain::rdata::{Ns, Soa};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HOST: &str = "a.example";

fn name(text: &str) -> Name<Vec<u8>> {
    Name::vec_from_str(text).unwrap()
}

fn question() -> Question {
    Question::new(HOST, Family::V4).unwrap()
}

fn v4(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

/// An answer to the question, still open for records.
fn answer_to(question: &Question) -> AnswerBuilder<Vec<u8>> {
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_qr(true);
    let mut message = message.question();
    message
        .push((&question.name, question.record_type()))
        .unwrap();
    message.answer()
}

fn with_records(records: &[(&str, Record)]) -> AnswerBuilder<Vec<u8>> {
    let mut message = answer_to(&question());
    for (owner, record) in records {
        let owner = name(owner);
        let ttl = Ttl::from_secs(5);
        match record {
            Record::A(last) => message.push((owner, ttl, A::new(v4(*last)))),
            Record::Aaaa => message.push((owner, ttl, Aaaa::new(Ipv6Addr::LOCALHOST))),
            Record::Alias(target) => message.push((owner, ttl, Cname::new(name(target)))),
        }
        .unwrap();
    }
    message
}

#[derive(Debug, Clone, Copy)]
enum Record {
    A(u8),
    Aaaa,
    Alias(&'static str),
}

fn said(message: AnswerBuilder<Vec<u8>>) -> Result<WireAnswer, Unusable> {
    answer_from_wire(&question(), &message.finish())
}

fn addresses(last: &[u8]) -> Result<WireAnswer, Unusable> {
    let addresses = last.iter().map(|&last| v4(last).into());
    Ok(WireAnswer::Addresses(addresses.collect()))
}

#[test]
fn only_records_of_the_asked_name_are_believed() {
    let records = [
        ("a.example", Record::A(1)),
        ("other.example", Record::A(9)),
        ("A.eXample", Record::A(2)),
        ("a.example", Record::Aaaa),
    ];
    assert_eq!(said(with_records(&records)), addresses(&[1, 2]));
}

#[test]
fn aliases_are_followed_in_any_order_and_only_their_end_counts() {
    let records = [
        ("c.example", Record::A(1)),
        ("b.example", Record::Alias("c.example")),
        ("a.example", Record::Alias("b.example")),
        ("b.example", Record::A(9)),
        ("a.example", Record::A(9)),
    ];
    assert_eq!(said(with_records(&records)), addresses(&[1]));
}

#[test]
fn an_alias_without_an_address_is_no_answer_unless_the_server_denies_one() {
    let records = [("a.example", Record::Alias("b.example"))];
    let alias = Ok(WireAnswer::Alias(name("b.example")));
    assert_eq!(said(with_records(&records)), alias);

    let mut message = with_records(&records).authority();
    let soa = Soa::new(
        name("ns.example"),
        name("h.example"),
        1.into(),
        Ttl::from_secs(1),
        Ttl::from_secs(1),
        Ttl::from_secs(1),
        Ttl::from_secs(1),
    );
    message
        .push((name("example"), Ttl::from_secs(5), soa))
        .unwrap();
    let denied = answer_from_wire(&question(), &message.finish());
    assert_eq!(denied, addresses(&[]));
}

#[test]
fn aliases_in_a_circle_and_too_many_are_refused() {
    let circle = [
        ("a.example", Record::Alias("b.example")),
        ("b.example", Record::Alias("a.example")),
    ];
    assert_eq!(said(with_records(&circle)), Err(Unusable::TooManyAliases));
}

#[test]
fn no_record_and_no_denial_is_an_empty_answer() {
    assert_eq!(said(with_records(&[])), addresses(&[]));
}

#[test]
fn a_server_that_only_names_others_gives_no_answer() {
    let mut message = with_records(&[]).authority();
    let record = (
        name("example"),
        Ttl::from_secs(5),
        Ns::new(name("ns.example")),
    );
    message.push(record).unwrap();
    let said = answer_from_wire(&question(), &message.finish());
    assert_eq!(said, Err(Unusable::Referral));
}

#[test]
fn sixty_addresses_are_a_service_and_thousands_are_not() {
    let many = |count: u16| {
        let mut message = answer_to(&question());
        for index in 0..count {
            let [high, low] = index.to_be_bytes();
            let record = A::new(Ipv4Addr::new(10, 0, high, low));
            message
                .push((name(HOST), Ttl::from_secs(5), record))
                .unwrap();
        }
        said(message)
    };
    assert!(matches!(many(60), Ok(WireAnswer::Addresses(all)) if all.len() == 60));
    assert_eq!(many(257), Err(Unusable::TooMany));
    assert_eq!(many(4000), Err(Unusable::TooMany));
}

#[test]
fn codes_are_told_apart() {
    let code = |code: Rcode| {
        let mut message = with_records(&[]);
        message.header_mut().set_rcode(code);
        said(message)
    };
    assert_eq!(code(Rcode::NXDOMAIN), Ok(WireAnswer::NoSuchName));
    let error = |code| Err(Unusable::Error(code));
    assert_eq!(code(Rcode::SERVFAIL), error(OptRcode::SERVFAIL));
    assert_eq!(code(Rcode::REFUSED), error(OptRcode::REFUSED));
}

/// The code of a server that knows another version of EDNS is in the OPT record.
#[test]
fn a_code_that_only_edns_can_carry_is_read() {
    let mut message = with_records(&[]).additional();
    message
        .opt(|opt| {
            opt.set_rcode(OptRcode::BADVERS);
            Ok(())
        })
        .unwrap();
    let said = answer_from_wire(&question(), &message.finish());
    assert_eq!(said, Err(Unusable::Error(OptRcode::BADVERS)));
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let right = with_records(&[("a.example", Record::A(1))]).finish();
    let other_name = Question::new("b.example", Family::V4).unwrap();
    let other_type = Question::new(HOST, Family::V6).unwrap();
    for other in [other_name, other_type] {
        let said = answer_from_wire(&other, &right);
        assert_eq!(said, Err(Unusable::OtherQuestion));
    }
    let mut question_itself = right.clone();
    question_itself[2] &= 0x7f;
    let said = answer_from_wire(&question(), &question_itself);
    assert_eq!(said, Err(Unusable::OtherQuestion));
}

#[test]
fn a_cut_answer_says_so_even_if_it_is_cut_within_a_record() {
    let mut message = with_records(&[("a.example", Record::A(1)), ("a.example", Record::A(2))]);
    message.header_mut().set_tc(true);
    let bytes = message.finish();
    let both = WireAnswer::Cut(vec![v4(1).into(), v4(2).into()]);
    assert_eq!(answer_from_wire(&question(), &bytes), Ok(both));
    let one = WireAnswer::Cut(vec![v4(1).into()]);
    assert_eq!(
        answer_from_wire(&question(), &bytes[..bytes.len() - 2]),
        Ok(one)
    );
}

#[test]
fn text_that_is_no_host_name_makes_no_question() {
    let long = "a".repeat(64);
    let longer = ["abcdefgh"; 40].join(".");
    for text in ["", ".", "a..b", "\\000.example", &long, &longer] {
        assert_eq!(Question::new(text, Family::V4), None, "{text}");
    }
    assert_eq!(Question::new("a.example.", Family::V4), Some(question()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn random_bytes_are_never_addresses_of_the_name(bytes in vec(any::<u8>(), 0..600)) {
        let said = answer_from_wire(&question(), &bytes);
        prop_assert!(said.is_err());
    }

    /// Bytes changed, cut off or put in: no panic, no endless loop, and never more
    /// addresses than the bytes can hold.
    #[test]
    fn a_damaged_answer_gives_an_answer_or_an_error(
        records in vec(record(), 0..12),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let mut bytes = with_records(&records).finish();
        // The header and the question stay, so that it is an answer to the question.
        let whole = bytes.len();
        let fixed = answer_to(&question()).finish().len();
        for (index, value) in damage {
            let at = 4 + index.index(whole - 4);
            if !(12..fixed).contains(&at) {
                bytes[at] = value;
            }
        }
        if is_cut {
            bytes.truncate(fixed + end.index(whole - fixed + 1));
        }
        let said = answer_from_wire(&question(), &bytes);
        if let Ok(WireAnswer::Addresses(found) | WireAnswer::Cut(found)) = said {
            prop_assert!(found.len() <= MAX_ADDRESSES && found.len() * 15 <= bytes.len());
            prop_assert!(found.iter().all(IpAddr::is_ipv4));
        }
    }

    /// Names made of compression pointers, to anywhere and to themselves.
    #[test]
    fn pointers_in_circles_end(targets in vec(0_u16..200, 1..40)) {
        let mut bytes = answer_to(&question()).finish();
        bytes[7] = targets.len() as u8;
        for target in targets {
            bytes.extend((0xc000 | target).to_be_bytes());
            bytes.extend([0, 5, 0, 1, 0, 0, 0, 5, 0, 2]);
            bytes.extend((0xc000 | target).to_be_bytes());
        }
        let _ = answer_from_wire(&question(), &bytes);
    }
}

fn record() -> impl Strategy<Value = (&'static str, Record)> {
    let names = prop::sample::select(vec!["a.example", "b.example", "c.a.example", "x.test"]);
    let data = prop_oneof![
        any::<u8>().prop_map(Record::A),
        Just(Record::Aaaa),
        names.clone().prop_map(Record::Alias),
    ];
    (names, data)
}
