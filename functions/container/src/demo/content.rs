//! What the demo tenants are and know.

/// A demo tenant.
pub(super) struct Tenant {
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) system_prompt: &'static str,
    /// A question that its documents answer.
    pub(super) question: &'static str,
    /// Titles and texts.
    pub(super) documents: &'static [(&'static str, &'static str)],
}

pub(super) const SUPERUSER: &str = "root@platform.example";

pub(super) const TENANTS: &[Tenant] = &[
    Tenant {
        slug: "acme",
        name: "Acme Outdoor",
        system_prompt: "You are the friendly assistant of Acme Outdoor, a shop for hiking gear. Answer briefly, and only from the passages you are given.",
        question: "How long does a refund take?",
        documents: &[
            (
                "Returns and refunds",
                "You can return anything within 30 days of delivery, used or not, as long as it is clean. Print the \
                 label from your account and hand the parcel in at any post office.\n\nA refund takes 5 working days \
                 from the day the parcel reaches our warehouse. It is paid to the card or account you paid with. \
                 Return shipping is free within the country; from abroad we deduct 9 euros.",
            ),
            (
                "Shipping",
                "Orders placed before 14:00 on a working day leave our warehouse the same day. Standard delivery takes \
                 2 to 3 working days and costs 4.90 euros; it is free from 60 euros. Express delivery arrives the next \
                 working day before noon and costs 12 euros.\n\nWe ship to all countries of the European Union, to \
                 Norway and to Switzerland.",
            ),
            (
                "Guarantee on tents and boots",
                "Tents come with a guarantee of five years on poles and seams, boots with two years on soles. Send us \
                 a photo of the damage and your order number; we repair it first and replace it when a repair is not \
                 possible. Holes from campfire sparks are not covered, but we patch them for 15 euros.",
            ),
        ],
    },
    Tenant {
        slug: "globex",
        name: "Globex Energy",
        system_prompt: "You are the assistant of Globex Energy, a power company. Be precise with numbers, and answer only from the passages you are given.",
        question: "What does a kilowatt hour cost at night?",
        documents: &[
            (
                "Tariffs",
                "With the Day and Night tariff a kilowatt hour costs 31 cents between 6:00 and 22:00 and 22 cents at \
                 night. The basic fee is 11 euros a month. With the Fixed tariff every kilowatt hour costs 28 cents, \
                 whatever the time, and the basic fee is 9 euros a month.",
            ),
            (
                "Moving house",
                "Tell us at least two weeks before you move. Read both meters on the day you hand over the keys and \
                 send us a photo of each. Your contract moves with you at the same price; if we do not deliver to your \
                 new address, it ends on the day you move out.",
            ),
            (
                "Power cuts",
                "If the light is out in your home only, check the fuses and the main switch first. If the whole street \
                 is dark, call 0800 555 0199 at any hour. We answer within three minutes and tell you how long the \
                 repair will take. For cuts of more than 12 hours we credit 35 euros to your account.",
            ),
        ],
    },
];
