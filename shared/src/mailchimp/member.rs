//! The member of an audience, by its address.

use md5::{Digest, Md5};

/// The name under which the API knows the contact of an address: the MD5 digest of the address in
/// lower case, in hexadecimal. It protects nothing.
/// <https://mailchimp.com/developer/marketing/docs/methods-parameters/#path-parameters>
pub fn member_hash(address: &str) -> String {
    hex::encode(Md5::digest(address.trim().to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is the example of Mailchimp's guide.
    #[test]
    fn member_hash_is_the_digest_of_the_address_in_lower_case() {
        let table = [
            ("Urist.McVankab@freddiesjokes.com", "62eeb292278cc15f5817cb78f7790b08"),
            ("Jane.Doe+ory@Example.com", "a85cc85cf017f4f8b28d079eea82d74e"),
            (" jane.doe+ory@example.com ", "a85cc85cf017f4f8b28d079eea82d74e"),
        ];
        for (address, expected) in table {
            assert_eq!(member_hash(address), expected, "{address}");
        }
    }
}
