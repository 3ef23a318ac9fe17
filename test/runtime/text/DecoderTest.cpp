// Decoders, and that a stream of tokens gives what the whole list gives.
#include "TextTesting.h"
#include "TokenizerBuilder.h"

using namespace tenon::text;
using namespace tenon::text::testing;
using Ids = std::vector<int32_t>;

namespace {

std::unique_ptr<Tokenizer> withDecoder(const std::string &decoder, const std::vector<std::string> &tokens) {
  TokenizerText json;
  json.vocab = vocabOf(tokens);
  json.merges = "[]";
  json.decoder = decoder;
  return parseOrFail(json.json());
}

// Every token once, in order.
std::string decodeAll(const std::string &decoder, const std::vector<std::string> &tokens) {
  auto tokenizer = withDecoder(decoder, tokens);
  if (!tokenizer)
    return "refused";
  Ids ids(tokens.size());
  for (size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<int32_t>(i);
  std::string whole = tokenizer->decode(ids, true);
  EXPECT_EQ(decodeStream(*tokenizer, ids, true), whole);
  return whole;
}

TEST(Decoder, NoneJoinsWithSpaces) {
  EXPECT_EQ(decodeAll("null", {"a", "b", "c"}), "a b c");
  EXPECT_EQ(decodeAll("null", {"a"}), "a");
}

TEST(Decoder, ByteLevel) {
  const std::string decoder = R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true})";
  EXPECT_EQ(decodeAll(decoder, {"Ġa", "Ã", "©", "Ċ"}), " aé\n");
  EXPECT_EQ(decodeAll(decoder, {"Ã", "a"}), "\uFFFDa");
  EXPECT_EQ(decodeAll(decoder, {"ð", "Ł", "ĺ"}), "\uFFFD");             // F0 9F 98: one character, cut off
  EXPECT_EQ(decodeAll(decoder, {"í", "ł", "Ģ"}), "\uFFFD\uFFFD\uFFFD"); // ED A0 80: a surrogate, no byte of which fits
  EXPECT_EQ(decodeAll(decoder, {"日"}), "日");                          // not of the alphabet: stays as it is
  EXPECT_EQ(decodeAll(decoder, {"Ġ日"}), "Ġ日");                        // all of the token
}

TEST(Decoder, ByteFallback) {
  const std::string decoder = R"({"type":"ByteFallback"})";
  EXPECT_EQ(decodeAll(decoder, {"<0xC3>", "<0xA9>", "x"}), "éx");
  EXPECT_EQ(decodeAll(decoder, {"<0x41>", "<0xC3>", "x"}), "\uFFFD\uFFFDx"); // the run as a whole
  EXPECT_EQ(decodeAll(decoder, {"x", "<0xE6>", "<0x97>"}), "x\uFFFD\uFFFD");
  EXPECT_EQ(decodeAll(decoder, {"<0xc3>", "<0xa9>", "<0x4>", "<0xZZ>"}), "é<0x4><0xZZ>");
}

TEST(Decoder, Metaspace) {
  EXPECT_EQ(decodeAll(R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always"})", {"▁a", "▁b▁", "c"}),
            "a b c");
  EXPECT_EQ(decodeAll(R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"never"})", {"▁a", "▁b"}), " a b");
}

TEST(Decoder, Strip) {
  EXPECT_EQ(decodeAll(R"({"type":"Strip","content":" ","start":1,"stop":0})", {"  a ", " b"}), " a b");
  EXPECT_EQ(decodeAll(R"({"type":"Strip","content":"x","start":0,"stop":2})", {"axxx", "bx", "xcxd"}), "axbxcxd");
  EXPECT_EQ(decodeAll(R"({"type":"Strip","content":"x","start":2,"stop":2})", {"xxx", "x", "axb"}), "axb");
}

TEST(Decoder, FuseThenStripAndReplaceWorkOnTheWholeText) {
  const std::string strip =
      R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":1}]})";
  EXPECT_EQ(decodeAll(strip, {" a", " ", "b", "  "}), "a b ");
  EXPECT_EQ(decodeAll(strip, {"a ", "b "}), "a b");
  const std::string replace =
      R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"abab"},"content":"-"}]})";
  EXPECT_EQ(decodeAll(replace, {"xa", "ba", "babx"}), "x-abx"); // across tokens, leftmost first
  EXPECT_EQ(decodeAll(replace, {"aba", "baba", "b"}), "--");
  const std::string regex =
      R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"Regex":"a+$"},"content":"!"}]})";
  EXPECT_EQ(decodeAll(regex, {"ab", "a", "aa"}), "ab!");
}

TEST(Decoder, ReplaceWithinTokens) {
  EXPECT_EQ(decodeAll(R"({"type":"Replace","pattern":{"String":"▁"},"content":" "})", {"▁a▁", "b"}), " a b");
  EXPECT_EQ(decodeAll(R"({"type":"Replace","pattern":{"Regex":"a+"},"content":"x"})", {"aab", "aba"}), "xbxbx");
}

TEST(StreamDecoder, NeverGivesHalfACharacter) {
  auto tokenizer = withDecoder(R"({"type":"ByteLevel"})", {"ð", "Ł", "ĺ", "Ģ", "a"});
  StreamDecoder decoder(*tokenizer, true);
  EXPECT_EQ(decoder.push(0), "");
  EXPECT_EQ(decoder.push(1), "");
  EXPECT_EQ(decoder.push(2), "");
  EXPECT_EQ(decoder.push(3), "😀");
  EXPECT_EQ(decoder.push(4), "a"); // and what is settled comes at once
  EXPECT_EQ(decoder.push(0), "");
  EXPECT_EQ(decoder.finish(), "\uFFFD");
}

TEST(StreamDecoder, SentencePieceTextComesTokenByToken) {
  auto tokenizer =
      withDecoder(R"({"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
    {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]})",
                  {"▁the", "▁cat", "<0xC3>", "<0xA9>", "s"});
  StreamDecoder decoder(*tokenizer, true);
  EXPECT_EQ(decoder.push(0), "the");
  EXPECT_EQ(decoder.push(1), " cat");
  EXPECT_EQ(decoder.push(2), "");
  EXPECT_EQ(decoder.push(3), ""); // another byte could still spoil the run
  EXPECT_EQ(decoder.push(4), "és");
  EXPECT_EQ(decoder.finish(), "");
}

TEST(Decode, SpecialAndUnknownIds) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "<s>", true) + "," + addedToken(7, "<m>", false) + "]";
  auto tokenizer = parseOrFail(json.json());
  Ids ids = {6, 3, 7, -1, 8, 1 << 30, 2};
  EXPECT_EQ(tokenizer->decode(ids, true), "<s>ab<m>c");
  EXPECT_EQ(tokenizer->decode(ids, false), "ab<m>c");
  EXPECT_TRUE(tokenizer->isSpecial(6));
  EXPECT_FALSE(tokenizer->isSpecial(7));
  EXPECT_FALSE(tokenizer->isSpecial(-1));
  EXPECT_EQ(tokenizer->idOf("<m>"), 7);
  EXPECT_EQ(tokenizer->idOf("nothing"), std::nullopt);
  EXPECT_EQ(tokenizer->tokenText(4), "abc");
  EXPECT_EQ(tokenizer->tokenText(8), std::nullopt);
  EXPECT_EQ(tokenizer->vocabSize(), 8);
}

} // namespace
