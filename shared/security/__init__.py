"""Who is calling: identities, and the verification of access tokens."""
