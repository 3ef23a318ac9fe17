#include "runtime/trust/Signature.h"
#include "test/runtime/trust/TrustTesting.h"

#include <gmock/gmock.h>

namespace tenon::trust {
namespace {

using testing::HasSubstr;

struct Signer {
  explicit Signer(const char *comment) : secret(*generateKey(comment)), open(secret.publicKey()) {}
  SecretKey secret;
  PublicKey open;
};

const std::vector<uint8_t> kBytes = {1, 2, 3, 0, 255};
constexpr const char *kDomain = "tenon test 1";

TEST(Signatures, AreDeterministicAndRight) {
  const Signer signer("a");
  const Signature signature = sign(signer.secret, kDomain, kBytes);
  EXPECT_EQ(signature.bytes, sign(signer.secret, kDomain, kBytes).bytes);
  EXPECT_TRUE(isRight(signature, kDomain, kBytes));
  auto who = verifySignatures({&signer.open, 1}, kDomain, kBytes, {&signature, 1}, "'x'");
  ASSERT_TRUE(who.isOk());
  EXPECT_EQ(who->comment, "a");
  EXPECT_TRUE(isRight(sign(signer.secret, kDomain, {}), kDomain, {}));
}

// Neither the bytes alone nor another split of domain and bytes is what was signed.
TEST(Signatures, HoldInTheirDomainOnly) {
  const Signer signer("a");
  const Signature signature = sign(signer.secret, kDomain, kBytes);
  EXPECT_FALSE(isRight(signature, "tenon test 2", kBytes));
  EXPECT_FALSE(isRight(signature, "tenon test", kBytes));
  EXPECT_FALSE(isSignatureOf(signature.key, kBytes, signature.bytes));
  const std::vector<uint8_t> first = {'b', 'c'}, second = {'c'};
  EXPECT_NE(sign(signer.secret, "a", first).bytes, sign(signer.secret, "ab", second).bytes);
  EXPECT_FALSE(isRight(sign(signer.secret, "a", first), "ab", second));
}

TEST(Signatures, EveryFlippedBitIsWrong) {
  const Signer signer("a");
  Signature signature = sign(signer.secret, kDomain, kBytes);
  for (size_t bit = 0; bit < 512; ++bit) {
    signature.bytes[bit / 8] ^= 1 << bit % 8;
    EXPECT_EQ(verifySignatures({&signer.open, 1}, kDomain, kBytes, {&signature, 1}, "'x'").status().code(),
              Code::Integrity);
    signature.bytes[bit / 8] ^= 1 << bit % 8;
  }
  std::vector<uint8_t> bytes = kBytes;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(isRight(signature, kDomain, bytes));
    bytes[bit / 8] ^= 1 << bit % 8;
  }
}

TEST(Signatures, OneTrustedSignerIsEnough) {
  const Signer first("first"), second("second"), third("third");
  const std::vector<Signature> signatures = {sign(first.secret, kDomain, kBytes), sign(second.secret, kDomain, kBytes)};
  const PublicKeys ring = {third.open, second.open};
  auto who = verifySignatures(ring, kDomain, kBytes, signatures, "'x'");
  ASSERT_TRUE(who.isOk());
  EXPECT_EQ(who->comment, "second");
  // A wrong line of another trusted key takes nothing away.
  std::vector<Signature> odd = {sign(third.secret, "other", kBytes), signatures[1]};
  EXPECT_TRUE(verifySignatures(ring, kDomain, kBytes, odd, "'x'").isOk());
}

TEST(Signatures, MessagesSayWhoWasLookedForAndWhoSigned) {
  const Signer wanted("wanted"), other("other");
  const PublicKeys ring = {wanted.open};
  auto none = verifySignatures(ring, kDomain, kBytes, {}, "'m.tenon'").status();
  EXPECT_EQ(none.code(), Code::Integrity);
  EXPECT_THAT(none.message(), HasSubstr("'m.tenon': expected a signature of a trusted key, found none"));
  EXPECT_THAT(none.message(), HasSubstr("'wanted' (" + keyText(wanted.open.bytes) + ")"));
  const std::vector<Signature> foreigner = {sign(other.secret, kDomain, kBytes)};
  auto foreign = verifySignatures(ring, kDomain, kBytes, foreigner, "'m'").status();
  EXPECT_THAT(foreign.message(), HasSubstr("found only foreign ones"));
  EXPECT_THAT(foreign.message(), HasSubstr(keyText(other.open.bytes)));
  const std::vector<Signature> otherDomain = {sign(wanted.secret, "b", kBytes)};
  auto wrong = verifySignatures(ring, kDomain, kBytes, otherDomain, "'m'").status();
  EXPECT_THAT(wrong.message(), HasSubstr("the signature of 'wanted'"));
  EXPECT_EQ(verifySignatures({}, kDomain, kBytes, foreigner, "'m'").status().code(), Code::Integrity);
}

TEST(SignatureFiles, ComeBackAsTheyWereWritten) {
  std::string text;
  for (int i = 0; i < 3; ++i)
    text += formatSignature(sign(Signer("").secret, kDomain, kBytes));
  auto signatures = parseSignatures(text, "x.sig");
  ASSERT_TRUE(signatures.isOk()) << signatures.status().message();
  ASSERT_EQ(signatures->size(), 3u);
  std::string again;
  for (const Signature &signature : *signatures) {
    EXPECT_TRUE(isRight(signature, kDomain, kBytes));
    again += formatSignature(signature);
  }
  EXPECT_EQ(again, text);
  auto twice = parseSignatures(text + text, "x.sig");
  EXPECT_THAT(twice.status().message(), HasSubstr("line 4: expected one signature of each key"));
}

TEST(SignatureFiles, NoMutationVerifies) {
  const Signer signer("a");
  const std::string good = formatSignature(sign(signer.secret, kDomain, kBytes));
  std::mt19937 random(11);
  int parsed = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string text = test::mutated(good, random);
    auto signatures = parseSignatures(text, "x.sig");
    if (!signatures.isOk()) {
      EXPECT_EQ(signatures.status().code(), Code::InvalidFile);
      continue;
    }
    ++parsed;
    EXPECT_FALSE(verifySignatures({&signer.open, 1}, kDomain, kBytes, *signatures, "'x'").isOk()) << text;
  }
  EXPECT_GT(parsed, 100); // digits for other digits: behind the parser, too
}

} // namespace
} // namespace tenon::trust
