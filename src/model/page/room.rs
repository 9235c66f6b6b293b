//! How much of the page each of its parts may take.

/// No page is larger, in bytes: the rooms below are cut to it, and tests measure it.
#[cfg(test)]
pub const MAX_PAGE: usize = 200_000;

/// The room that is left for one part of the page.
#[derive(Debug, Clone, Copy)]
pub struct Room(usize);

/// What the markup around one row takes at most.
const MARKUP: usize = 800;

impl Room {
    /// Room for the problems.
    pub const PROBLEMS: Room = Room(50_000);
    /// Room for the projects.
    pub const PROJECTS: Room = Room(25_000);
    /// Room for what ends soon.
    pub const EXPIRIES: Room = Room(15_000);
    /// Room for the choices of the form.
    pub const CHOICES: Room = Room(20_000);
    /// Room for the services.
    pub const SERVICES: Room = Room(45_000);
    /// Room for the events.
    pub const EVENTS: Room = Room(30_000);
    /// Room for the nodes of one service.
    pub const NODES: Room = Room(80_000);

    /// Whether a row with these texts still fits; if so, the room is taken.
    pub fn fits<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let row = MARKUP + texts.into_iter().map(escaped).sum::<usize>();
        let Some(left) = self.0.checked_sub(row) else {
            return false;
        };
        self.0 = left;
        true
    }
}

/// The bytes of a text once `<`, `>`, `&`, `"` and `'` are `&#60;` and the like.
fn escaped(text: &str) -> usize {
    let longer = text.bytes().filter(|byte| b"<>&\"'".contains(byte)).count();
    text.len() + 4 * longer
}
