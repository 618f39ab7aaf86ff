// One function per family of blocks, which adds its versions.
#ifndef JITKIT_TESTS_CRYPTO_RUN_FAMILIES_HPP
#define JITKIT_TESTS_CRYPTO_RUN_FAMILIES_HPP

namespace crypto_test {

void add_sums();
void add_aes();
void add_gcm();
void add_hashes();
void add_sm4();

}  // namespace crypto_test

#endif  // JITKIT_TESTS_CRYPTO_RUN_FAMILIES_HPP
