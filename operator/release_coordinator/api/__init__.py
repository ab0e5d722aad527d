"""The contract with users: the types they write and read, and the CRDs made from them."""
