//! What stores differ in, and what keys there are.

use super::{
    buckets::{read, settings},
    counts, kit, last_run, read_again,
    store::Store,
    titles,
};

#[tokio::test]
async fn a_list_in_a_namespace_of_its_own_is_read() {
    let (kit, store) = (kit().await, Store::start().await);
    // Google's.
    store.lists_in("http://doc.s3.amazonaws.com/2006-03-01");
    for name in ["a.txt", "b.txt", "c.txt"] {
        store.put(name, "text/plain", format!("This is {name}.").as_bytes());
    }
    let connector = read(&kit, settings(&store)).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(run["status"], "done", "{run}");
    assert_eq!(titles(&kit).await, ["a.txt", "b.txt", "c.txt"]);
    let run = read_again(&kit, &connector).await;
    assert_eq!(counts(&run), [0, 0, 3, 0], "{run}");
}

#[tokio::test]
async fn a_key_that_no_address_has_is_left_out_and_told() {
    let (kit, store) = (kit().await, Store::start().await);
    store.put("b.txt", "text/plain", b"The one.");
    let names = ["a/../b.txt", "x/./y.txt", "../help/b.txt", ".", "z/.."];
    for name in names {
        store.put(name, "text/plain", format!("This is {name}.").as_bytes());
    }
    store.put("x/%2e%2e/..c.txt", "text/plain", b"The other.");
    let connector = read(&kit, settings(&store)).await;
    let run = last_run(&kit, &connector).await;
    assert_eq!(counts(&run), [2, 0, 0, 0], "{run}");
    assert_eq!(run["skipped"], names.len(), "{run}");
    let problems = run["problems"].as_array().unwrap();
    for name in names {
        let told = problems.iter().find(|problem| problem["url"] == name);
        let reason =
            told.unwrap_or_else(|| panic!("{name} is not told of: {run}"))["reason"].clone();
        assert!(reason.as_str().unwrap().contains("No address"), "{reason}");
    }
    assert_eq!(titles(&kit).await, ["..c.txt", "b.txt"]);
}
