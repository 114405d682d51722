// This file is empty on purpose: with it the compiler takes functions without a body,
// which argon.go links to their bodies in golang.org/x/crypto/argon2.
