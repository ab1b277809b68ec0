//! "Did you mean": the nearest known word.

/// The candidate nearest to `word`, when it is near enough to be a slip: at most a third of
/// the characters differ, or one begins with the other.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let begins =
                word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
            let distance = strsim::osa_distance(word, candidate);
            (if begins { distance.min(allowed) } else { distance }, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let names = ["user-service", "movie-service", "review-service"];
        assert_eq!(did_you_mean("user-servce", names), Some("user-service"));
        assert_eq!(did_you_mean("movie", names), Some("movie-service"));
        assert_eq!(did_you_mean("checkout", names), None);
        assert_eq!(did_you_mean("", names), None);
    }
}
