//! Numbers as people say them.

/// `1 service`, `2 services`.
pub fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count if one.ends_with('s') => format!("{count} {one}es"),
        count => format!("{count} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_else_are_many() {
        let said = [0, 1, 2].map(|count| counted(count, "service"));
        assert_eq!(said, ["0 services", "1 service", "2 services"]);
        assert_eq!(counted(3, "address"), "3 addresses");
    }
}
