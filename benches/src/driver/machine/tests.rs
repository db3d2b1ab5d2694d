use super::*;

#[test]
fn the_lock_file_names_every_peer() {
    for peer in peers(LOCK).split(", ") {
        let (_, version) = peer.split_once(' ').unwrap();
        assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{peer}");
    }
}

#[test]
fn a_package_that_is_there_twice_has_two_versions() {
    let lock = "[[package]]\nname = \"mio\"\nversion = \"0.8.1\"\n\n\
                [[package]]\nname = \"mio\"\nversion = \"1.2.0\"\n";
    assert!(peers(lock).ends_with("mio 0.8.1 and 1.2.0"));
}
