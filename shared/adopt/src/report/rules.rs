//! The rules of copying what has no place here, in sentences.

/// What each rule says. Every row that one of them was needed for is counted.
pub(super) const RULES: [(&str, &str); 43] = [
    (
        "tenant_name_changed",
        "name of a tenant was empty or longer than 200 characters: made of its id, or cut",
    ),
    (
        "tenant_made",
        "tenant that users name and that has no row: made",
    ),
    (
        "setting_changed_there",
        "setting of a tenant that has changed there since it was copied: changed here, too",
    ),
    (
        "setting_changed_here",
        "setting of a tenant that is another one there and was changed here: left as it is here",
    ),
    (
        "key_of_another_key",
        "provider key that does not decrypt: left empty, set it again",
    ),
    (
        "key_not_encrypted",
        "provider key that stands there unencrypted: left empty, set it again",
    ),
    (
        "key_empty",
        "provider key that is an empty text: left empty",
    ),
    (
        "key_of_odd_characters",
        "provider key that decrypts, but is not 8 to 512 printable ASCII characters: kept",
    ),
    (
        "user_without_tenant",
        "user without a tenant: put into --default-tenant",
    ),
    (
        "user_without_password",
        "user whose password is no hash that can be checked: has none now, and needs an invitation",
    ),
    (
        "superuser",
        "superuser there: superuser and administrator of its tenant here",
    ),
    (
        "superuser_without_password",
        "superuser whose password is no hash that can be checked: no superuser here until it is made one",
    ),
    (
        "address_in_its_own_spelling",
        "address that is another user's but for capital letters, or is none: kept as it is, and logs in when typed so",
    ),
    (
        "address_made_up",
        "address that cannot be kept: one was made up, so nobody can log in until it is changed",
    ),
    (
        "address_of_another_before",
        "address that was another user's there when it was copied: whoever had it has another one now, or none",
    ),
    (
        "user_moved",
        "user who has another tenant there than when it was copied: copied into that, and gone from the other",
    ),
    (
        "user_deleted_here",
        "user who was deleted here: left so, with all conversations",
    ),
    (
        "user_made_here",
        "user who was made here and written back there: left as here",
    ),
    (
        "user_name_cut",
        "name of a user was longer than 200 characters: cut, and kept whole beside it",
    ),
    (
        "user_without_time",
        "user without a time: made at the time of copying",
    ),
    (
        "title_made",
        "conversation without a title: the beginning of its first question",
    ),
    (
        "title_cut",
        "title longer than 200 characters: cut, and kept whole beside it",
    ),
    (
        "session_without_time",
        "conversation without a time: that of its first message",
    ),
    (
        "session_without_messages",
        "conversation without messages: kept",
    ),
    (
        "session_without_user",
        "conversation whose user is not there: left behind",
    ),
    (
        "session_written_here",
        "conversation that has changed there, and was gone on with here: left as it is here",
    ),
    (
        "session_gone_on_there",
        "conversation that was written back there and gone on with: what followed there comes behind what is here",
    ),
    (
        "session_of_another_tenant",
        "conversation that names another tenant than its user's: put into its user's",
    ),
    (
        "message_of_another_tenant",
        "message that names another tenant than the user's whose conversation it is in: put into that user's",
    ),
    (
        "session_deleted_here",
        "conversation that has changed there, and was deleted here: left so",
    ),
    (
        "role_changed",
        "role that there is not here: `ai` and whatever else no user says is the assistant's, and kept as metadata",
    ),
    (
        "content_null",
        "message whose text is NULL: empty, and said so in its metadata",
    ),
    (
        "message_without_time",
        "message without a time: that of the one before it",
    ),
    (
        "time_out_of_range",
        "time that is none, such as infinity: treated as missing",
    ),
    (
        "times_equal",
        "message of the same time as the one before it: the lower id comes first",
    ),
    (
        "times_unordered",
        "message whose time runs against its id: the time counts",
    ),
    ("question_unanswered", "question without an answer: kept"),
    (
        "message_without_session",
        "message whose conversation is not there: left behind",
    ),
    (
        "message_without_user",
        "message of a conversation whose user is not there: left behind",
    ),
    (
        "sources_kept",
        "message with sources: in its metadata, as they were",
    ),
    (
        "json_replaced",
        "JSON with an escaped NUL or half a surrogate pair: U+FFFD in its place, and the text as it was beside it",
    ),
    (
        "json_unreadable",
        "JSON that is nested more than 64 deep or has a number of more than 150 digits: not as JSON, but as the text that it was",
    ),
    (
        "json_key_twice",
        "JSON with a key twice: the last one counts, and the text as it was is kept beside it",
    ),
];
