//! Patterns of names: `*` stands for any characters, `?` for one.

/// Whether `text` fits `pattern`, in time proportional to the product of their lengths at worst.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // After a mismatch the last star takes one character more: a later star takes over whatever an
    // earlier one could have tried.
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((star, taken)) = back else { return false };
                back = Some((star, taken + 1));
                (p, t) = (star + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_as_a_shell_has_them() {
        for (pattern, text) in [
            ("web-*.jsonl", "web-1.jsonl"),
            ("web-*.jsonl", "web-.jsonl"),
            ("*a*b*", "xaxxbx"),
            ("a*b*c", "a__b__b_c"),
            ("a*c*e", "abcde"),
            ("?.log", "x.log"),
            ("?", "日"),
            ("*", ""),
            ("audit*", "audit"),
            ("*-log", "hook-log"),
            ("*a*a*a*b", "aaaaaaaaab"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("web-*.jsonl", "web-1.jsonl.gz"),
            ("*a*b*", "xbxxax"),
            ("*.gz", "b.gzip"),
            ("?", ""),
            ("a*a", "a"),
            ("a*b", "a"),
            ("a*c", "abcd"),
            ("audit", "audits"),
            ("*a*a*a*b", "aaaa"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
