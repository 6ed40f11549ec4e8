//! Names that rotation gives to files.

/// Suffixes of files that a program has compressed or packed.
const COMPRESSED: [&str; 11] = [".gz", ".zip", ".bz2", ".tar", ".tgz", ".zst", ".xz", ".lz4", ".br", ".7z", ".Z"];

/// Returns whether a name is that of a compressed file.
pub(crate) fn is_compressed(name: &str) -> bool {
    COMPRESSED.iter().any(|suffix| name.ends_with(suffix))
}

/// Names of the files that `name` may be an older generation of, such as `app.log` for `app.log.1`, `app.log-20261130`,
/// `app.2026-11-30.0.log` and `app.log.1.gz`.
pub(crate) fn bases_of(name: &str) -> Vec<String> {
    let name = COMPRESSED.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let separators = || name.match_indices(['.', '-', '_']).map(|(at, _)| at).filter(|at| *at > 0);
    let mut bases: Vec<String> = Vec::new();
    for at in separators() {
        let (base, rest) = name.split_at(at);
        if is_number(rest) {
            bases.push(base.to_owned());
        }
        for extension_at in separators().filter(|other| *other > at) {
            let (stem, extension) = name.split_at(extension_at);
            if extension.starts_with('.') && stem.get(at..).is_some_and(is_number) {
                bases.push(format!("{base}{extension}"));
            }
        }
    }
    bases
}

/// Returns whether `name` may be an older generation of `base`.
pub(crate) fn is_generation_of(name: &str, base: &str) -> bool {
    name != base && bases_of(name).iter().any(|of| of == base)
}

/// A number, a date or a word that rotation puts into names. `app.error.log` is a log of its own.
fn is_number(text: &str) -> bool {
    let text = text.trim_start_matches(['.', '-', '_']);
    matches!(text, "old" | "bak" | "prev" | "previous" | "orig" | "backup")
        || text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || "-_.:+TZ".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rotation_lead_to_the_base_and_others_do_not() {
        for name in [
            "app.log.1",
            "app.log.12",
            "app.log-20261130",
            "app.log-20261130-1796101445",
            "app.log.old",
            "app.2026-11-30.0.log",
            "app-20261130.log",
            "app.log.1.gz",
            "app.log.2026-11-30T14:37:30Z",
            "app_1.log",
        ] {
            assert!(is_generation_of(name, "app.log"), "{name}");
        }
        for name in ["app.log", "app.error.log", "application.log", "app.log.tmp", "other.log.1", "app.log-notes", "log.1", ""] {
            assert!(!is_generation_of(name, "app.log"), "{name}");
        }
        assert!(is_generation_of("syslog.1", "syslog"));
        assert!(is_compressed("app.log.2.gz") && !is_compressed("app.log.2"));
    }
}
