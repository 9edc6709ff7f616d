"""What a provider of single sign-on tells of its people by itself (SCIM 2.0, RFC 7643 and 7644): who comes, who leaves,
who is in which group."""
