// Pins the peer of the tests of MongoDB: its protocol, over SQLite, as others wrote it.
module holdpoint/tests/peers/ferretdb

go 1.24

require github.com/FerretDB/FerretDB v1.24.2
