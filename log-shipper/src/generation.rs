//! Names that rotation gives to files.

/// Suffixes of files that a program has compressed or packed.
const COMPRESSED: [&str; 11] = [".gz", ".zip", ".bz2", ".tar", ".tgz", ".zst", ".xz", ".lz4", ".br", ".7z", ".Z"];

/// Returns whether a name is that of a compressed file.
pub(crate) fn is_compressed(name: &str) -> bool {
    COMPRESSED.iter().any(|suffix| name.ends_with(suffix))
}

/// Names of the files that `name` may be an older generation of, such as `app.log` for `app.log.1`, `app.log-20261130`,
/// `app.2026-11-30.0.log`, `app-1.log` and `app.log.1.gz`. The contents decide whether it is one.
pub(crate) fn bases_of(name: &str) -> Vec<String> {
    all_bases_of(name).map(|(base, _)| base).collect()
}

/// Returns whether `name` is an older generation of `base` by its name alone. `web-2.log` is not one of `web.log`: it may be the log
/// of a second instance. It is one with a date, or behind a point (logrotate's `extension`): `web-20261130.log`, `web.2.log`.
pub(crate) fn is_generation_of(name: &str, base: &str) -> bool {
    all_bases_of(name).any(|(of, is_certain)| is_certain && of == base)
}

/// The bases that a name may have, each with whether the name alone says so.
fn all_bases_of(name: &str) -> impl Iterator<Item = (String, bool)> {
    let name = COMPRESSED.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let separators = move || name.match_indices(['.', '-', '_']).map(|(at, _)| at).filter(|at| *at > 0);
    separators().flat_map(move |at| {
        let (base, rest) = name.split_at(at);
        let behind = is_mark(rest).then(|| (base.to_owned(), true));
        let inside = separators().filter(move |other| *other > at).filter_map(move |extension_at| {
            let (stem, extension) = name.split_at(extension_at);
            let mark = stem.get(at..).filter(|mark| extension.starts_with('.') && is_mark(mark))?;
            Some((format!("{base}{extension}"), mark.starts_with('.') || is_date(mark)))
        });
        behind.into_iter().chain(inside)
    })
}

/// Returns whether rotation puts this into names: a number, a date, or a word such as `old`. `app.error.log` is a log of its own.
fn is_mark(text: &str) -> bool {
    let text = text.trim_start_matches(['.', '-', '_']);
    matches!(text, "old" | "bak" | "prev" | "previous" | "orig" | "backup")
        || text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || "-_.:+TZ".contains(c))
}

/// Returns whether a mark has as many digits as a date has at least: `20261130`, `2026-11`.
fn is_date(mark: &str) -> bool {
    mark.chars().filter(char::is_ascii_digit).count() >= 6
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
            "app.1.log",
            "app-2026-11.log",
        ] {
            assert!(is_generation_of(name, "app.log"), "{name}");
        }
        for name in ["app.log", "app.error.log", "application.log", "app.log.tmp", "other.log.1", "app.log-notes", "log.1", ""] {
            assert!(!is_generation_of(name, "app.log") && !bases_of(name).contains(&"app.log".to_owned()), "{name}");
        }
        for name in ["app-2.log", "app_1.log"] {
            assert!(!is_generation_of(name, "app.log"), "{name} may be of another instance");
            assert!(bases_of(name).contains(&"app.log".to_owned()), "{name} may be a copy");
        }
        assert!(is_generation_of("syslog.1", "syslog"));
        assert!(is_compressed("app.log.2.gz") && !is_compressed("app.log.2"));
    }
}
