//! Who is in the template: two tenants with their people, and a superuser.

use uuid::Uuid;

/// A seeded user.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub tenant: &'static str,
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub email: &'static str,
    pub role: &'static str,
}

const fn person(
    tenant: &'static str,
    t: u128,
    n: u128,
    email: &'static str,
    role: &'static str,
) -> Person {
    Person {
        tenant,
        tenant_id: Uuid::from_u128(t),
        id: Uuid::from_u128(n),
        email,
        role,
    }
}

pub const T1: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_00000000000a);
pub const T2: Uuid = Uuid::from_u128(0x01900000_0000_7000_8000_00000000000b);
/// Administrator of the first tenant.
pub const ADMIN1: Person = person(
    "one",
    T1.as_u128(),
    0x01900000_0000_7000_8000_0000000000a0,
    "admin@one.example",
    "admin",
);
/// Members of the first tenant.
pub const U1: Person = person(
    "one",
    T1.as_u128(),
    0x01900000_0000_7000_8000_0000000000a1,
    "u1@one.example",
    "member",
);
pub const U2: Person = person(
    "one",
    T1.as_u128(),
    0x01900000_0000_7000_8000_0000000000a2,
    "u2@one.example",
    "member",
);
/// Administrator of the second tenant.
pub const ADMIN2: Person = person(
    "two",
    T2.as_u128(),
    0x01900000_0000_7000_8000_0000000000b0,
    "admin@two.example",
    "admin",
);
/// A member of the second tenant.
pub const V1: Person = person(
    "two",
    T2.as_u128(),
    0x01900000_0000_7000_8000_0000000000b1,
    "v1@two.example",
    "member",
);
/// The superuser, in a tenant of its own.
pub const SUPERUSER: Person = person(
    "platform",
    0x01900000_0000_7000_8000_00000000000c,
    0x01900000_0000_7000_8000_0000000000c0,
    "root@platform.example",
    "admin",
);
/// Everybody.
pub const PEOPLE: &[Person] = &[ADMIN1, U1, U2, ADMIN2, V1, SUPERUSER];
