// Engines that must be signed, on the toy engine.
#include "runtime/engine/EngineFile.h"
#include "runtime/schema/EngineHeader.h"
#include "runtime/session/Engine.h"
#include "runtime/support/ToyEngine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace tenon {
namespace {

using test::ToyEngine;
using testing::HasSubstr;

class EngineSignatureTest : public testing::Test {
protected:
  void SetUp() override { toy.write(path); }

  static std::vector<uint8_t> bytesOf(const std::string &text) { return {text.begin(), text.end()}; }
  // What `key` says of the file as it is now.
  trust::Signature signatureBy(const trust::SecretKey &key, const char *domain = kEngineDomain) const {
    const std::vector<uint8_t> file = test::readFile(path);
    return trust::sign(key, domain, std::span(file).first(sizeof(EngineHeader)));
  }
  void writeSignatures(const std::vector<trust::Signature> &signatures) {
    std::string text;
    for (const trust::Signature &signature : signatures)
      text += trust::formatSignature(signature);
    test::writeFile(signaturePath(path), bytesOf(text));
  }
  Status openSigned(bool skip = false) {
    EngineOptions options;
    options.threads = 1;
    options.signers = ring;
    options.skipWeightDigests = skip;
    return Engine::open(path, options).status();
  }
  void flip(uint64_t at) {
    std::vector<uint8_t> file = test::readFile(path);
    file[at] ^= 1;
    test::writeFile(path, file);
  }
  uint64_t offsetOf(schema::SegmentKind kind) const {
    for (const auto &segment : toy.metadata.segments)
      if (segment->kind == kind)
        return segment->offset;
    ADD_FAILURE();
    return 0;
  }

  test::TemporaryFolder folder;
  std::string path = folder.file("m.tenon");
  ToyEngine toy;
  trust::SecretKey mine = *trust::generateKey("mine"), other = *trust::generateKey("other");
  trust::PublicKeys ring = {mine.publicKey()};
};

TEST_F(EngineSignatureTest, OpensWhatATrustedKeySigned) {
  writeSignatures({signatureBy(other), signatureBy(mine)});
  EXPECT_TRUE(openSigned().isOk()) << openSigned().message();
  EXPECT_TRUE(openSigned(true).isOk());
  auto file = EngineFile::open(path, &ring);
  ASSERT_TRUE(file.isOk());
  ASSERT_TRUE(file->signer().has_value());
  EXPECT_EQ(file->signer()->comment, "mine");
  EXPECT_FALSE(EngineFile::open(path)->signer().has_value()); // nobody asked
}

TEST_F(EngineSignatureTest, RefusesWhatNobodyTrustedSigned) {
  const std::vector<uint8_t> garbage = bytesOf("tenon-signature-1 nonsense\n");
  struct {
    std::function<void()> make;
    const char *says;
  } cases[] = {
      {[] {}, "cannot open"},
      {[&] { writeSignatures({signatureBy(other)}); }, "only foreign ones"},
      {[&] { writeSignatures({signatureBy(mine, "tenon cache entry 1")}); }, "the signature of 'mine'"},
      {[&] { test::writeFile(signaturePath(path), garbage); }, "line 1: expected a public key"},
      {[&] { test::writeFile(signaturePath(path), {}); }, "at least one line"},
  };
  for (const auto &entry : cases) {
    entry.make();
    const Status status = openSigned();
    EXPECT_EQ(status.code(), Code::Integrity);
    EXPECT_THAT(status.message(), HasSubstr(entry.says));
    EXPECT_THAT(status.message(), HasSubstr("m.tenon"));
    EXPECT_TRUE(Engine::open(path, {.threads = 1}).isOk()); // not required: not looked at
  }
}

// The signature comes before the metadata is even looked at.
TEST_F(EngineSignatureTest, SpeaksForEveryBitOfTheHeader) {
  writeSignatures({signatureBy(mine)});
  const std::vector<uint8_t> good = test::readFile(path);
  for (size_t bit = 0; bit < 8 * sizeof(EngineHeader); ++bit) {
    std::vector<uint8_t> bad = good;
    bad[bit / 8] ^= 1 << bit % 8;
    test::writeFile(path, bad);
    EXPECT_FALSE(openSigned().isOk()) << bit;
    if (bit / 8 >= offsetof(EngineHeader, digest))
      EXPECT_THAT(openSigned().message(), HasSubstr("the signature of 'mine'")) << bit;
  }
}

TEST_F(EngineSignatureTest, SpeaksForEverySegment) {
  writeSignatures({signatureBy(mine)});
  for (schema::SegmentKind kind :
       {schema::SegmentKind::Code, schema::SegmentKind::Weights, schema::SegmentKind::Tokenizer}) {
    const uint64_t at = offsetOf(kind);
    flip(at);
    const Status status = openSigned();
    EXPECT_EQ(status.code(), Code::Integrity) << EnumNameSegmentKind(kind);
    EXPECT_THAT(status.message(), HasSubstr("digest of segments["));
    // Weights can be left unread, nothing else.
    EXPECT_EQ(openSigned(true).isOk(), kind == schema::SegmentKind::Weights);
    flip(at);
  }
  flip(100); // metadata
  EXPECT_EQ(openSigned().code(), Code::Integrity);
  flip(100);
  EXPECT_TRUE(openSigned().isOk());
}

TEST_F(EngineSignatureTest, SpeaksForExternalWeights) {
  ToyEngine other;
  const std::string name = folder.file(other.writeExternal(path));
  writeSignatures({signatureBy(mine)});
  ASSERT_TRUE(openSigned().isOk()) << openSigned().message();
  std::vector<uint8_t> weights = test::readFile(name);
  weights.back() ^= 1;
  test::writeFile(name, weights);
  EXPECT_EQ(openSigned().code(), Code::Integrity);
  EXPECT_TRUE(openSigned(true).isOk());
}

TEST_F(EngineSignatureTest, OptionsThatContradictEachOther) {
  EngineOptions options;
  options.skipWeightDigests = true;
  EXPECT_EQ(Engine::open(path, options).status().code(), Code::Usage);
  options.signers = ring;
  options.verifyWeights = true;
  writeSignatures({signatureBy(mine)});
  EXPECT_EQ(Engine::open(path, options).status().code(), Code::Usage);
  alignas(4096) static uint8_t memory[4096];
  EXPECT_EQ(Engine::open(std::span<const uint8_t>(memory), {.signers = ring}).status().code(), Code::Usage);
}

} // namespace
} // namespace tenon
