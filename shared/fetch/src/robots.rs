//! What a site lets programs read (RFC 9309).

/// The name by which sites address this service.
pub(crate) const NAME: &str = "parlance-connector";
/// The longest pause that a site's wish is heeded for, in seconds.
const MAX_DELAY: f64 = 30.0;

/// What a `robots.txt` says to this service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Robots {
    /// Patterns with whether they allow.
    rules: Vec<(String, bool)>,
    delay: Option<f64>,
    /// Where the site lists its pages.
    pub sitemaps: Vec<String>,
}

impl Robots {
    /// Reads a `robots.txt`: the group that names this service, or else that for everybody.
    pub fn of(text: &str) -> Self {
        let (mut own, mut all) = (Self::default(), Self::default());
        let (mut has_own, mut sitemaps) = (false, Vec::new());
        // Whether the group that is being read is ours, and everybody's; and whether its names are still being told.
        let (mut is_own, mut is_all, mut naming) = (false, false, false);
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((field, value)) = line.split_once(':') else {
                continue;
            };
            let (field, value) = (field.trim().to_ascii_lowercase(), value.trim());
            if field == "sitemap" {
                sitemaps.push(value.to_owned());
                continue;
            }
            if field == "user-agent" {
                if !naming {
                    (is_own, is_all, naming) = (false, false, true);
                }
                let name = value.split('/').next().unwrap_or_default();
                is_own |= name.eq_ignore_ascii_case(NAME);
                is_all |= name == "*";
                has_own |= is_own;
                continue;
            }
            naming = false;
            let groups = [is_own.then_some(&mut own), is_all.then_some(&mut all)];
            for group in groups.into_iter().flatten() {
                group.take(&field, value);
            }
        }
        let mut chosen = if has_own { own } else { all };
        chosen.sitemaps = sitemaps;
        chosen
    }

    fn take(&mut self, field: &str, value: &str) {
        match field {
            // An empty one forbids nothing.
            "allow" | "disallow" if !value.is_empty() => {
                self.rules.push((value.to_owned(), field == "allow"));
            }
            "crawl-delay" => {
                let delay = value.parse().ok();
                self.delay = delay.filter(|delay: &f64| delay.is_finite() && *delay >= 0.0);
            }
            _ => {}
        }
    }

    /// Whether a path, with its query, may be read: the longest rule that fits counts, and of two alike the one that allows.
    pub fn allows(&self, path: &str) -> bool {
        let fitting = self.rules.iter().filter(|(rule, _)| fits(rule, path));
        let best = fitting.max_by_key(|(rule, allows)| (rule.len(), *allows));
        best.is_none_or(|(_, allows)| *allows)
    }

    /// How many seconds it wants between two requests, 30 at most.
    pub fn delay(&self) -> Option<f64> {
        self.delay.map(|delay| delay.min(MAX_DELAY))
    }
}

/// Whether a pattern fits the beginning of a path: `*` is anything, and `$` at its end the path's end. Takes as long as both are
/// together, for each `*`.
fn fits(rule: &str, path: &str) -> bool {
    let (rule, whole) = match rule.strip_suffix('$') {
        Some(rule) => (rule, true),
        None => (rule, false),
    };
    let mut parts = rule.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return !whole || rest.is_empty();
    };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match whole {
        true => rest.ends_with(last),
        false => rest.contains(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rule_of_its_group_counts() {
        let robots = Robots::of(
            "User-agent: *\nDisallow: /\n\nUSER-AGENT: other\nUser-agent: Parlance-Connector/1.0 # us\n\
             disallow: /private\nAllow: /private/open$\nDisallow: /*.pdf\nDisallow: /a*b*c\nDisallow:\nCrawl-delay: 2.5\n\
             nonsense\nSitemap: https://one.example/sitemap.xml\n\nUser-agent: third\nDisallow: /third\n",
        );
        for (path, allowed) in [
            ("/", true),
            ("/privat", true),
            ("/private/x", false),
            ("/private/open", true),
            ("/private/open/x", false),
            ("/x/y.pdf?z=1", false),
            ("/axxbxxc", false),
            ("/axxcxxb", true),
            ("/third", true),
        ] {
            assert_eq!(robots.allows(path), allowed, "{path}");
        }
        assert_eq!(robots.delay(), Some(2.5));
        assert_eq!(robots.sitemaps, ["https://one.example/sitemap.xml"]);
    }

    #[test]
    fn a_site_that_says_nothing_to_us_says_what_it_says_to_all() {
        let robots = Robots::of("User-agent: *\nDisallow: /no\nCrawl-delay: 1e9\n");
        assert!(!robots.allows("/no") && robots.allows("/yes"));
        assert_eq!(robots.delay(), Some(MAX_DELAY));
        let robots = Robots::of("User-agent: other\nDisallow: /\n");
        assert!(robots.allows("/"));
        assert_eq!(Robots::of(""), Robots::default());
        // Of two that are as long as each other, what allows.
        let robots = Robots::of("User-agent: *\nDisallow: /a\nAllow: /a\n");
        assert!(robots.allows("/ab"));
    }
}
