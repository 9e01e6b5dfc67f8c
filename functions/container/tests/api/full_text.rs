//! Full text: in every language, however somebody typed, and of one's own tenant alone.

mod before;
mod parts;
mod stop_words;

use crate::kit::{ADMIN1, ADMIN2, Kit, Person, U1, V1};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

async fn add(kit: &Kit, title: &str, text: &str, language: Option<&str>) -> Uuid {
    let token = kit.token(ADMIN1).await;
    let document = json!({ "title": title, "text": text, "language": language });
    let added = kit.post(&token, "/documents", document).await;
    assert_eq!(added.status, 202, "{}", added.text);
    added.id("id")
}

async fn search(kit: &Kit, person: Person, query: &str) -> Vec<Value> {
    let token = kit.token(person).await;
    let found = kit
        .post(&token, "/documents/search", json!({ "query": query }))
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json["items"].as_array().unwrap().clone()
}

async fn titles(kit: &Kit, query: &str) -> Vec<String> {
    let found = search(kit, U1, query).await;
    let titles = found.iter().map(|item| item["title"].as_str().unwrap());
    titles.map(str::to_owned).collect()
}

/// A title, a text, its language, and a question with other forms of its words.
const LANGUAGES: [(&str, &str, &str, &str); 8] = [
    (
        "Refunds",
        "We refund what was paid within fourteen days after the goods came back to our warehouse. Whoever paid by card is refunded to the same card, and whoever paid in cash is asked for an account to which the money is sent.",
        "en",
        "refunding cards",
    ),
    (
        "Rücksendungen",
        "Rücksendungen werden innerhalb von vierzehn Tagen bearbeitet, nachdem die Ware in unserem Lager eingetroffen ist. Wer mit einer Karte bezahlt hat, erhält das Geld auf dieselbe Karte zurück, alle anderen werden nach einem Konto gefragt.",
        "de",
        "Rücksendung bearbeiten",
    ),
    (
        "Devoluciones",
        "Las devoluciones se tramitan en un plazo de catorce días después de que los productos hayan llegado a nuestro almacén. Quien pagó con tarjeta recibe el dinero en la misma tarjeta, y a los demás les preguntamos por una cuenta bancaria.",
        "es",
        "devolución tramitada",
    ),
    (
        "Возвраты",
        "Возвраты обрабатываются в течение четырнадцати дней после того, как товары поступили на наш склад. Тот, кто платил картой, получает деньги на ту же карту, а остальных мы спрашиваем о счёте, на который следует перевести деньги.",
        "ru",
        "возврат товара",
    ),
    (
        "İadeler",
        "İadeler, ürünler depomuza ulaştıktan sonra on dört gün içinde işleme alınır. Kartla ödeme yapanlar parayı aynı karta geri alır, diğer müşterilerimize ise paranın gönderileceği banka hesabı sorulur ve ödeme birkaç gün içinde yapılır.",
        "tr",
        "iade ürün",
    ),
    (
        "المرتجعات",
        "تتم معالجة المرتجعات خلال أربعة عشر يوماً بعد وصول البضائع إلى مستودعنا. من دفع بالبطاقة يستعيد المال إلى البطاقة نفسها، أما الآخرون فنسألهم عن حساب مصرفي نرسل إليه المبلغ، ويصل المال إلى الحساب بعد أيام قليلة من ذلك في العادة.",
        "ar",
        "المرتجعة إلى المستودع",
    ),
    (
        "退货",
        "我们在货物到达仓库后十四天内处理退货。用银行卡付款的人会在同一张卡上收到退款，其他人需要告诉我们一个可以汇款的账户。",
        "zh",
        "退款多久到账户？",
    ),
    (
        "返品",
        "返品された商品が倉庫に届いてから十四日以内に返金いたします。カードでお支払いのお客様には同じカードに返金し、そのほかのお客様には口座番号をお尋ねします。",
        "ja",
        "カードへの返金",
    ),
];

#[tokio::test]
async fn words_are_found_in_their_forms_in_every_language() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    for (title, text, language, _) in LANGUAGES {
        let id = add(&kit, title, text, None).await;
        let shown = kit.get(&admin, &format!("/documents/{id}")).await;
        // Of those without stems it need not be known.
        let told = shown.json["language"].as_str();
        assert!(
            told == Some(language) || ["zh", "ja"].contains(&language),
            "{title}: {told:?}"
        );
    }
    for (title, _, _, question) in LANGUAGES {
        let found = titles(&kit, question).await;
        assert_eq!(
            found.first().map(String::as_str),
            Some(title),
            "{question}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_language_can_be_told() {
    let kit = Kit::new().await;
    let admin = kit.token(ADMIN1).await;
    let short = add(&kit, "Häuser", "Die Häuser stehen leer.", Some("de")).await;
    let shown = kit.get(&admin, &format!("/documents/{short}")).await;
    assert_eq!(shown.json["language"], "de");
    assert_eq!(titles(&kit, "Haus").await, ["Häuser"]);
    // One that has no stems.
    add(&kit, "Zwroty", "Zwroty trwają czternaście dni.", Some("pl")).await;
    assert_eq!(titles(&kit, "zwroty trwają").await, ["Zwroty"]);
    for language in ["", "d", "DE", "de-AT", "deutsch", "d3"] {
        let document = json!({ "title": "T", "text": "Text.", "language": language });
        let refused = kit.post(&admin, "/documents", document).await;
        assert_eq!(refused.problem(422), "invalid_request");
        assert_eq!(refused.json["errors"][0]["field"], "language", "{language}");
    }
}

#[tokio::test]
async fn how_it_is_typed_does_not_matter() {
    let kit = Kit::new().await;
    add(
        &kit,
        "Payments",
        "Co\u{ad}operation with Ａｃｍｅ Ｐａｙ: see ERR-1234 and the option max_tokens.",
        None,
    )
    .await;
    add(&kit, "Other", "Nothing of that kind.", None).await;
    for query in [
        "COOPERATION",
        "co\u{200b}operation",
        "acme pay",
        "err-1234",
        "ERR-1234?",
        "max_tokens",
        "1234",
    ] {
        assert_eq!(titles(&kit, query).await, ["Payments"], "{query}");
    }
    for query in ["...", "—", "\u{200b}", "x".repeat(4000).as_str()] {
        assert_eq!(titles(&kit, query).await, [""; 0], "{query}");
    }
}

#[tokio::test]
async fn the_rarer_word_weighs_more() {
    let kit = Kit::new().await;
    for n in 0..12 {
        add(
            &kit,
            &format!("Parcel {n}"),
            "A parcel is delivered by noon.",
            None,
        )
        .await;
    }
    add(&kit, "Customs", "Customs may open what is sent.", None).await;
    let found = titles(&kit, "customs parcel").await;
    assert_eq!(found[0], "Customs", "{found:?}");
    let scores = search(&kit, U1, "customs parcel").await;
    assert!(scores[0]["score"].as_f64() > scores[1]["score"].as_f64());
}

#[tokio::test] // R37
async fn another_tenants_words_change_no_score() {
    let kit = Kit::new().await;
    add(&kit, "Refunds", "A refund takes 5 days.", None).await;
    let before = search(&kit, U1, "How long does a refund take?").await;
    for n in 0..8 {
        kit.add_document(ADMIN2, &format!("Refunds {n}"), "A refund takes 7 days.")
            .await;
    }
    assert_eq!(
        search(&kit, U1, "How long does a refund take?").await,
        before
    );
    let theirs = search(&kit, V1, "refund").await;
    assert!(
        theirs
            .iter()
            .all(|item| item["snippet"] == "A refund takes 7 days."),
        "{theirs:?}"
    );
}

#[tokio::test]
async fn a_document_in_another_language_hides_none() {
    let kit = Kit::new().await;
    for n in 0..8 {
        let text = format!("Parcel {n} is sent by noon and is there the next day.");
        add(&kit, &format!("Parcel {n}"), &text, Some("en")).await;
    }
    add(
        &kit,
        "Returns",
        "The return policy: goods may be sent back.",
        Some("en"),
    )
    .await;
    let question = "What is the policy for what I would like to return?";
    let before = search(&kit, U1, question).await;
    assert_eq!(before[0]["title"], "Returns");
    for (language, text) in [
        ("de", "Der Winter ist lang."),
        ("pl", "Zima jest długa."),
        ("ja", "冬は長い。"),
    ] {
        add(&kit, "Winter", text, Some(language)).await;
    }
    let after = search(&kit, U1, question).await;
    assert_eq!(after[0]["title"], "Returns", "{after:?}");
    let score = |found: &[Value]| found[0]["score"].as_f64().unwrap();
    assert!(score(&after) > 0.9 * score(&before), "{before:?} {after:?}");
}

#[tokio::test]
async fn what_could_not_be_indexed_keeps_nothing_from_being_found() {
    let kit = Kit::new().await;
    let passage = format!(
        "Refund refund refund refund. {}\n\n",
        "And more of it. ".repeat(30)
    );
    let broken = add(&kit, "Broken refunds", &passage.repeat(150), None).await;
    add(
        &kit,
        "Good",
        "Somewhere in this long sentence about parcels and other things stands the word refund.",
        None,
    )
    .await;
    let sql = format!("update parlance.documents set status = 'failed' where id = '{broken}'");
    run(&kit.pool, &sql).await;
    assert_eq!(titles(&kit, "refund").await, ["Good"]);
}

#[tokio::test]
async fn a_language_is_known_by_each_of_its_codes() {
    let kit = Kit::new().await;
    let codes = ["de", "deu", "ger"];
    for code in codes {
        let text = format!("Umkehrosmoseanlagen werden gewartet ({code}).");
        add(&kit, code, &text, Some(code)).await;
    }
    let mut found = titles(&kit, "Umkehrosmoseanlage").await;
    found.sort_unstable();
    assert_eq!(found, codes);
}

async fn count(pool: &PgPool, table: &str) -> i64 {
    let sql = format!("select count(*) from parlance.{table}");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test] // R44
async fn nothing_is_left_of_a_deleted_documents_words() {
    let kit = Kit::new().await;
    let id = add(&kit, "Refunds", "A refund takes 5 days.", None).await;
    assert!(count(&kit.pool, "document_words").await > 0);
    let admin = kit.token(ADMIN1).await;
    assert_eq!(
        kit.delete(&admin, &format!("/documents/{id}")).await.status,
        204
    );
    kit.work().await;
    assert_eq!(count(&kit.pool, "document_words").await, 0);
}

async fn run(pool: &PgPool, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    pool.execute(sql).await.unwrap();
}
