//! DNS messages: a question as bytes, and what an answer's bytes say.
//!
//! Whoever can send a packet can send an answer, so an answer is believed only
//! about the name that was asked for, and is bounded in each way.

use std::net::IpAddr;

use domain::base::iana::{Class, OptRcode};
use domain::base::message_builder::{MessageBuilder, QuestionBuilder};
use domain::base::name::{Name, ParsedName, ToName};
use domain::base::wire::ParseError;
use domain::base::{Message, Rtype};
use domain::net::client::request::RequestMessage;
use domain::rdata::{A, Aaaa, Cname};

use crate::model::address::Family;
use crate::model::resolution::MAX_ADDRESSES;

/// The most records that an answer may have: addresses, and as much beside them
/// (aliases, signatures).
const MAX_RECORDS: u16 = 2 * MAX_ADDRESSES as u16;

/// The most aliases from the asked name to the one with addresses.
const MAX_ALIASES: usize = 16;

/// Room for a question about any name of usual length; longer ones get more.
const QUESTION_BYTES: usize = 128;

/// A question for the addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    name: Name<Vec<u8>>,
    family: Family,
}

/// A question in the form in which it is sent.
pub(super) struct SentQuestion {
    pub(super) id: u16,
    pub(super) bytes: Vec<u8>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WireAnswer {
    /// All addresses of the name; none if it has none of this family.
    Addresses(Vec<IpAddr>),
    /// Some of them: the answer did not fit (TC).
    Cut(Vec<IpAddr>),
    /// NXDOMAIN.
    NoSuchName,
    /// The name is an alias of this one, whose addresses the answer lacks.
    Alias(Name<Vec<u8>>),
}

/// Why bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// Another question's.
    #[error("the answer is to another question")]
    OtherQuestion,
    /// An error code other than NXDOMAIN.
    #[error("{0}")]
    Error(OptRcode),
    /// Bytes that do not follow the format.
    #[error("the answer is malformed")]
    Malformed,
    /// More than a name can have.
    #[error("the answer has more than {MAX_ADDRESSES} addresses, which no service has")]
    TooMany,
    /// Aliases in a circle, or too many of them.
    #[error("the answer has more than {MAX_ALIASES} aliases, or they lead in a circle")]
    TooManyAliases,
    /// It only names other servers.
    #[error("the server does not resolve for others")]
    Referral,
}

impl From<ParseError> for Unusable {
    fn from(_: ParseError) -> Unusable {
        Unusable::Malformed
    }
}

impl Question {
    /// The question for an absolute name; search domains never apply. `None` if the
    /// text cannot be a host name.
    pub(crate) fn new(host: &str, family: Family) -> Option<Question> {
        // The builder would take \ as the start of an escape.
        if host.is_empty() || host.contains('\\') {
            return None;
        }
        let name = Name::vec_from_str(host).ok()?;
        (!name.is_root()).then_some(Question { name, family })
    }

    /// The same question about another name.
    pub(super) fn about(&self, name: Name<Vec<u8>>) -> Question {
        let family = self.family;
        Question { name, family }
    }

    fn record_type(&self) -> Rtype {
        match self.family {
            Family::V4 => Rtype::A,
            Family::V6 => Rtype::AAAA,
        }
    }

    /// A message with this question; `None` if it cannot be written.
    fn message(&self) -> Option<QuestionBuilder<Vec<u8>>> {
        let message = MessageBuilder::from_target(Vec::with_capacity(QUESTION_BYTES));
        let mut message = message.ok()?.question();
        message.header_mut().set_rd(true);
        message.push((&self.name, self.record_type())).ok()?;
        Some(message)
    }

    /// The question as it is sent by UDP, with an id that cannot be guessed. With
    /// `udp_payload` it has an OPT record. `None` if it cannot be written.
    pub(super) fn to_send(&self, udp_payload: Option<u16>) -> Option<SentQuestion> {
        let mut message = self.message()?;
        message.header_mut().set_random_id();
        let id = message.header().id();
        let mut message = message.additional();
        if let Some(size) = udp_payload {
            let opt = message.opt(|opt| {
                opt.set_udp_payload_size(size);
                Ok(())
            });
            opt.ok()?;
        }
        let bytes = message.finish();
        Some(SentQuestion { id, bytes })
    }

    /// Whether the bytes are an answer to this question as it was sent with the id.
    pub(super) fn is_answered_by(&self, id: u16, bytes: &[u8]) -> bool {
        Message::from_slice(bytes).is_ok_and(|message| {
            let header = message.header();
            header.qr() && header.id() == id && self.is_in(message)
        })
    }

    /// The request to send by TCP.
    pub(super) fn request(&self) -> Option<RequestMessage<Vec<u8>>> {
        RequestMessage::new(self.message()?.into_message()).ok()
    }

    /// Whether the message repeats this question. Servers that refuse may leave it out.
    fn is_in(&self, message: &Message<[u8]>) -> bool {
        if message.header_counts().qdcount() == 0 {
            return message.opt_rcode() != OptRcode::NOERROR;
        }
        message.sole_question().is_ok_and(|asked| {
            asked.qtype() == self.record_type()
                && asked.qclass() == Class::IN
                && asked.qname().name_eq(&self.name)
        })
    }
}

/// What the bytes say in answer to a question. That the id is the question's is for
/// the transport to see.
///
/// # Errors
/// When they are no answer to it.
pub(crate) fn answer_from_wire(question: &Question, bytes: &[u8]) -> Result<WireAnswer, Unusable> {
    let message = Message::from_slice(bytes).map_err(|_| Unusable::Malformed)?;
    if !message.header().qr() || !question.is_in(message) {
        return Err(Unusable::OtherQuestion);
    }
    match message.opt_rcode() {
        OptRcode::NOERROR => {}
        OptRcode::NXDOMAIN => return Ok(WireAnswer::NoSuchName),
        code => return Err(Unusable::Error(code)),
    }
    let records = Records::of(message, question.family)?;
    let (owner, hops) = records.end_of_aliases(question)?;
    let addresses = records.addresses_of(&owner);
    if addresses.len() > MAX_ADDRESSES {
        return Err(Unusable::TooMany);
    }
    if message.header().tc() {
        return Ok(WireAnswer::Cut(addresses));
    }
    if !addresses.is_empty() {
        return Ok(WireAnswer::Addresses(addresses));
    }
    match authority(message)? {
        Authority::Denies => Ok(WireAnswer::Addresses(addresses)),
        _ if hops > 0 => Ok(WireAnswer::Alias(owner)),
        Authority::Refers => Err(Unusable::Referral),
        Authority::SaysNothing => Ok(WireAnswer::Addresses(addresses)),
    }
}

/// A name within the bytes of an answer.
type Inner<'a> = ParsedName<&'a [u8]>;

/// The records of an answer that matter.
struct Records<'a> {
    /// Owner and target.
    aliases: Vec<(Inner<'a>, Inner<'a>)>,
    addresses: Vec<(Inner<'a>, IpAddr)>,
}

impl<'a> Records<'a> {
    fn of(message: &'a Message<[u8]>, family: Family) -> Result<Self, Unusable> {
        if message.header_counts().ancount() > MAX_RECORDS {
            return Err(Unusable::TooMany);
        }
        let mut records = Records {
            aliases: vec![],
            addresses: vec![],
        };
        let is_cut = message.header().tc();
        for record in message.answer()? {
            let record = match record {
                Ok(record) => record,
                // What was cut off may be cut within a record.
                Err(_) if is_cut => break,
                Err(error) => return Err(error.into()),
            };
            if record.class() != Class::IN {
                continue;
            }
            match (record.rtype(), family) {
                (Rtype::A, Family::V4) => {
                    if let Some(found) = record.into_record::<A>()? {
                        let address = IpAddr::V4(found.data().addr());
                        records.addresses.push((*found.owner(), address));
                    }
                }
                (Rtype::AAAA, Family::V6) => {
                    if let Some(found) = record.into_record::<Aaaa>()? {
                        let address = IpAddr::V6(found.data().addr());
                        records.addresses.push((*found.owner(), address));
                    }
                }
                (Rtype::CNAME, _) => {
                    if let Some(found) = record.into_record::<Cname<_>>()? {
                        let owner = *found.owner();
                        records.aliases.push((owner, *found.data().cname()));
                    }
                }
                _ => {}
            }
        }
        Ok(records)
    }

    /// The name that the asked name's aliases lead to, and over how many.
    fn end_of_aliases(&self, question: &Question) -> Result<(Name<Vec<u8>>, usize), Unusable> {
        let mut name = question.name.clone();
        let mut hops = 0;
        while let Some((_, target)) = self.aliases.iter().find(|(owner, _)| owner.name_eq(&name)) {
            hops += 1;
            if hops > MAX_ALIASES {
                return Err(Unusable::TooManyAliases);
            }
            name = target.to_vec();
        }
        Ok((name, hops))
    }

    fn addresses_of(&self, name: &Name<Vec<u8>>) -> Vec<IpAddr> {
        let own = self.addresses.iter();
        let own = own.filter(|(owner, _)| owner.name_eq(name));
        own.map(|(_, address)| *address).collect()
    }
}

/// What the authority section says about a name without addresses.
enum Authority {
    /// SOA: that there are none (RFC 2308, 2.2).
    Denies,
    /// NS from a server that does not recurse: that others may know.
    Refers,
    SaysNothing,
}

fn authority(message: &Message<[u8]>) -> Result<Authority, Unusable> {
    if message.header_counts().nscount() > MAX_RECORDS {
        return Err(Unusable::Malformed);
    }
    let mut has_servers = false;
    for record in message.authority()? {
        match record?.rtype() {
            Rtype::SOA => return Ok(Authority::Denies),
            Rtype::NS => has_servers = true,
            _ => {}
        }
    }
    let header = message.header();
    match has_servers && !header.aa() && !header.ra() {
        true => Ok(Authority::Refers),
        false => Ok(Authority::SaysNothing),
    }
}

#[cfg(test)]
mod tests;
