//! Reading what is said of logs and traces. OpenTelemetry's own reading passes over what it cannot use, or is undone by it.

use super::vars::Vars;
use url::Url;

/// What may decide which traces are kept.
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

impl Vars {
    /// Notes what is wrong with the variables of logs, and with those of traces if a collector is told of any.
    pub(super) fn telemetry(&mut self) {
        self.choice("LOG_FORMAT", ["json", "text"]);
        if !traces::are_wanted(|name| self.get(name)) {
            return;
        }
        self.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
        for name in [
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        ] {
            self.parsed(name, |protocol| match protocol {
                "http/protobuf" => Ok(()),
                _ => Err("must be http/protobuf, which collectors take at port 4318"),
            });
        }
        self.choice("OTEL_TRACES_SAMPLER", SAMPLERS);
        self.parsed("OTEL_TRACES_SAMPLER_ARG", |share| {
            let share = share.parse().ok();
            let share = share.filter(|share| (0.0..=1.0_f64).contains(share));
            share.ok_or("must be a number from 0 to 1")
        });
        // A queue is memory that is taken at once, and without a delay the thread that sends never rests.
        for (name, min, max) in [
            ("OTEL_BSP_MAX_QUEUE_SIZE", 1, 1_000_000),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 1_000_000),
            ("OTEL_BSP_SCHEDULE_DELAY", 10, 3_600_000),
            ("OTEL_BSP_EXPORT_TIMEOUT", 1, 3_600_000),
        ] {
            self.number(name, min, min, max);
        }
    }
}

/// Where a collector is.
fn collector(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    url.ok_or("must be an address such as http://localhost:4318")
}
