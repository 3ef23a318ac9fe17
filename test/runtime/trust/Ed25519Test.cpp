// The vectors of RFC 8032 (January 2017), section 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
#include "runtime/trust/Ed25519.h"
#include "test/runtime/trust/TrustTesting.h"

#include <algorithm>

namespace tenon::trust {
namespace {

struct Vector {
  const char *secret, *open, *message, *signature;
};

const Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "5"
     "5141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "0"
     "0d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "0"
     "27beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2"
     "a"
     "9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad"
     "9"
     "bef1177331a704"},
};

template <size_t N> std::array<uint8_t, N> bytesOf(const char *hex) {
  std::array<uint8_t, N> bytes{};
  const std::vector<uint8_t> all = test::fromHex(hex);
  EXPECT_EQ(all.size(), N);
  std::copy_n(all.begin(), std::min(N, all.size()), bytes.begin());
  return bytes;
}

TEST(Ed25519, GivesTheVectorsOfTheRfc) {
  for (const Vector &vector : kVectors) {
    SecretBytes seed;
    seed.bytes() = bytesOf<32>(vector.secret);
    const PublicBytes open = bytesOf<32>(vector.open);
    const std::vector<uint8_t> message = test::fromHex(vector.message);
    EXPECT_EQ(publicOf(seed), open);
    EXPECT_TRUE(isPublicKey(open));
    EXPECT_EQ(signBytes(seed, message), bytesOf<64>(vector.signature));
    EXPECT_TRUE(isSignatureOf(open, message, bytesOf<64>(vector.signature)));
  }
}

TEST(Ed25519, RefusesEveryFlippedBit) {
  const Vector &vector = kVectors[2];
  const PublicBytes open = bytesOf<32>(vector.open);
  std::vector<uint8_t> message = test::fromHex(vector.message);
  SignatureBytes signature = bytesOf<64>(vector.signature);
  for (size_t bit = 0; bit < 512; ++bit) {
    signature[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(isSignatureOf(open, message, signature)) << bit;
    signature[bit / 8] ^= 1 << bit % 8;
  }
  for (size_t bit = 0; bit < 256; ++bit) {
    PublicBytes other = open;
    other[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(isSignatureOf(other, message, signature)) << bit;
  }
  for (size_t bit = 0; bit < 16; ++bit) {
    message[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(isSignatureOf(open, message, signature)) << bit;
    message[bit / 8] ^= 1 << bit % 8;
  }
  EXPECT_TRUE(isSignatureOf(open, message, signature));
}

TEST(Ed25519, KnowsWhatIsNoKey) {
  EXPECT_FALSE(isPublicKey(PublicBytes{})); // order 4
  PublicBytes one{1};                       // the neutral element
  EXPECT_FALSE(isPublicKey(one));
  PublicBytes large;
  large.fill(0xff); // not reduced
  EXPECT_FALSE(isPublicKey(large));
}

TEST(Ed25519, MovedSecretsLeaveZeros) {
  SecretBytes from;
  ASSERT_TRUE(randomSeed(from));
  EXPECT_NE(from.bytes(), SecretBytes().bytes());
  const auto value = from.bytes();
  SecretBytes to = std::move(from);
  EXPECT_EQ(to.bytes(), value);
  EXPECT_EQ(from.bytes(), SecretBytes().bytes()); // NOLINT: what a moved-from secret holds is the promise under test
}

TEST(Ed25519, DestroyedSecretsLeaveZeros) {
  alignas(SecretBytes) uint8_t memory[sizeof(SecretBytes)];
  auto *secret = new (memory) SecretBytes;
  ASSERT_TRUE(randomSeed(*secret));
  secret->~SecretBytes();
  const volatile uint8_t *after = memory;
  for (size_t i = 0; i < sizeof memory; ++i)
    EXPECT_EQ(after[i], 0);
}

} // namespace
} // namespace tenon::trust
