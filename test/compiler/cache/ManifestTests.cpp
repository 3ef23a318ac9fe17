#include "compiler/cache/Manifest.h"

#include <gmock/gmock.h>

using namespace tenon;
using namespace tenon::cache;

namespace {

Manifest sample() {
  Manifest manifest;
  manifest.fields = {{"a", "plain"}, {"b c", "two\nlines \\ and \x01"}, {"empty", ""}, {"ü", " spaces = kept "}};
  manifest.notes = {{"model", "llama"}};
  manifest.key = keyOf(Kind::Weights, manifest.fields);
  Part part;
  part.name = "tnw";
  part.bytes = 8192;
  part.prefix = 4096;
  part.prefixDigest.fill(7);
  part.digest.fill(9);
  part.stamp = {42, -5, 1764000000123456789};
  manifest.parts = {part, {.name = "object", .bytes = 1, .digest = part.digest}};
  return manifest;
}

TEST(Manifest, ReadsWhatItWrites) {
  const Manifest manifest = sample();
  auto read = parseManifest(manifestText(manifest));
  ASSERT_TRUE(read.isOk()) << read.status().message();
  EXPECT_EQ(read->key, manifest.key);
  EXPECT_EQ(read->fields, manifest.fields);
  EXPECT_EQ(read->notes, manifest.notes);
  ASSERT_EQ(read->parts.size(), 2u);
  EXPECT_EQ(read->parts[0].digest, manifest.parts[0].digest);
  EXPECT_EQ(read->parts[0].stamp, manifest.parts[0].stamp);
  EXPECT_EQ(read->bytes(), 8193u);
  EXPECT_EQ(manifestText(*read), manifestText(manifest));
}

TEST(Manifest, RefusesEveryFlippedBitAndEveryCut) {
  const std::string text = manifestText(sample());
  for (size_t at = 0; at < text.size(); ++at) {
    EXPECT_FALSE(parseManifest(text.substr(0, at)).isOk()) << at;
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_FALSE(parseManifest(flipped).isOk()) << "byte " << at << ", bit " << bit;
    }
  }
}

// A sum that fits does not make nonsense sense.
TEST(Manifest, RefusesNonsenseWithARightSum) {
  const Manifest manifest = sample();
  const std::string text = manifestText(manifest);
  const std::string lines = text.substr(0, text.size() - 69);
  auto summed = [](const std::string &body) { return body + "sum " + blake3Hex(body) + "\n"; };
  ASSERT_TRUE(parseManifest(summed(lines)).isOk());
  const std::string kinds[][2] = {{"kind weights", "kind wheels"},
                                  {"kind weights", "kind code"}, // another key
                                  {"part tnw 8192", "part tnw -1"},
                                  {"part tnw 8192", "part tnw 99999999999999999999"},
                                  {"part tnw 8192", "part tnw 100"}, // shorter than its prefix
                                  {"part tnw", "part ../../etc/passwd"},
                                  {"part tnw", "part object"}, // twice
                                  {"field a = plain", "field a = other"},
                                  {"field a = plain", "field a: plain"},
                                  {"note model", "word model"},
                                  {"\\x0a", "\\x0"},
                                  {"\\x0a", "\\q"}};
  for (const auto &[from, to] : kinds) {
    std::string body = lines;
    ASSERT_NE(body.find(from), std::string::npos) << from;
    body.replace(body.find(from), from.size(), to);
    EXPECT_FALSE(parseManifest(summed(body)).isOk()) << to;
  }
  for (const std::string &body : {std::string(), std::string("\n"), std::string("tenon cache entry 1\n"),
                                  std::string("tenon cache entry 2\nkind code\nkey 0\n")})
    EXPECT_FALSE(parseManifest(summed(body)).isOk());
}

TEST(Key, DependsOnKindNamesValuesAndTheirBorders) {
  const Fields fields = {{"ab", "c"}};
  EXPECT_EQ(keyOf(Kind::Code, fields), keyOf(Kind::Code, fields));
  EXPECT_NE(keyOf(Kind::Code, fields).hex, keyOf(Kind::Engine, fields).hex);
  EXPECT_NE(keyOf(Kind::Code, fields), keyOf(Kind::Code, {{"a", "bc"}}));
  EXPECT_NE(keyOf(Kind::Code, fields), keyOf(Kind::Code, {{"ab", "c"}, {"d", ""}}));
  EXPECT_NE(keyOf(Kind::Code, {{"a", ""}, {"b", ""}}), keyOf(Kind::Code, {{"a", "b"}}));
  EXPECT_TRUE(isHexDigest(keyOf(Kind::Code, {}).hex));
  // BLAKE3 of nothing, from its specification.
  EXPECT_EQ(blake3Hex(std::string_view()), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
}

} // namespace
