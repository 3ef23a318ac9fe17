// Normalizers, pre-tokenizers, added tokens and post-processors, one property each. What they do to text is seen
// through a model whose tokens are single characters and a decoder that puts a bar between tokens' pieces.
#include "TextTesting.h"
#include "TokenizerBuilder.h"

using namespace tenon::text;
using namespace tenon::text::testing;
using Ids = std::vector<int32_t>;

namespace {

// A model that knows no word: every word becomes <unk> tokens fused into one, so that ids count the words.
size_t countWords(const std::string &preTokenizer, std::string_view text) {
  TokenizerText json;
  json.vocab = vocabOf({"<unk>"});
  json.merges = "[]";
  json.modelOptions = R"(,"unk_token":"<unk>","fuse_unk":true)";
  json.preTokenizer = preTokenizer;
  auto tokenizer = parseOrFail(json.json());
  return tokenizer ? encodeOrFail(*tokenizer, text).size() : 0;
}

// The text's words, joined by bars: words are tokens of their own, given beforehand.
std::string words(const std::string &preTokenizer, std::string_view text, const std::vector<std::string> &tokens,
                  const std::string &normalizer = "null") {
  TokenizerText json;
  json.vocab = vocabOf(tokens);
  json.merges = "[]";
  json.modelOptions = R"(,"ignore_merges":true)";
  json.preTokenizer = preTokenizer;
  json.normalizer = normalizer;
  auto tokenizer = parseOrFail(json.json());
  if (!tokenizer)
    return "refused";
  std::string joined;
  for (int32_t id : encodeOrFail(*tokenizer, text))
    joined += (joined.empty() ? "" : "|") + std::string(*tokenizer->tokenText(id));
  return joined;
}

std::string split(const std::string &pattern, const std::string &behavior, bool invert = false) {
  return R"({"type":"Split","pattern":)" + pattern + R"(,"behavior":")" + behavior + R"(","invert":)" +
         (invert ? "true" : "false") + "}";
}

TEST(Split, Behaviors) {
  const std::vector<std::string> tokens = {"the",  "final",  "countdown", "-",         "--",
                                           "the-", "final-", "-final",    "-countdown"};
  const std::string dash = R"({"String":"-"})", text = "the-final--countdown";
  EXPECT_EQ(words(split(dash, "Removed"), text, tokens), "the|final|countdown");
  EXPECT_EQ(words(split(dash, "Isolated"), text, tokens), "the|-|final|-|-|countdown");
  EXPECT_EQ(words(split(dash, "MergedWithPrevious"), text, tokens), "the-|final-|-|countdown");
  EXPECT_EQ(words(split(dash, "MergedWithNext"), text, tokens), "the|-final|-|-countdown");
  EXPECT_EQ(words(split(dash, "Contiguous"), text, tokens), "the|-|final|--|countdown");
  EXPECT_EQ(words(split(dash, "Removed", /*invert=*/true), text, tokens), "-|-|-");
}

TEST(Split, RegexAndLiteralPatterns) {
  const std::vector<std::string> tokens = {"a", "b", "1", "22", ".", "..", "a.b"};
  EXPECT_EQ(words(split(R"({"Regex":"\\d+"})", "Isolated"), "a1b22a", tokens), "a|1|b|22|a");
  EXPECT_EQ(words(split(R"({"String":"."})", "Isolated"), "a.b", tokens), "a|.|b"); // a literal, not any character
  EXPECT_EQ(words(split(R"({"String":""})", "Isolated"), "ab", tokens), "a|b");     // matches between characters
}

TEST(Digits, TogetherAndApart) {
  const std::vector<std::string> tokens = {"a", "1", "2", "12", "½", "12½"};
  EXPECT_EQ(words(R"({"type":"Digits","individual_digits":true})", "a12½a", tokens), "a|1|2|½|a");
  EXPECT_EQ(words(R"({"type":"Digits","individual_digits":false})", "a12½a", tokens), "a|12½|a");
}

TEST(ByteLevel, AlphabetAndPrefixSpace) {
  const std::vector<std::string> tokens = {"Ġ", "Ġa", "a", "Ã©", "Ċ", "Ġb"};
  auto byteLevel = [](bool prefix, bool regex) {
    return std::string(R"({"type":"ByteLevel","trim_offsets":true,"add_prefix_space":)") + (prefix ? "true" : "false") +
           R"(,"use_regex":)" + (regex ? "true" : "false") + "}";
  };
  EXPECT_EQ(words(byteLevel(false, true), "a b", tokens), "a|Ġb");
  EXPECT_EQ(words(byteLevel(true, true), "a b", tokens), "Ġa|Ġb");
  EXPECT_EQ(words(byteLevel(true, true), " a b", tokens), "Ġa|Ġb"); // there is a space already
  EXPECT_EQ(words(byteLevel(false, false), "é", tokens), "Ã©");
  EXPECT_EQ(words(byteLevel(false, true), "\n", tokens), "Ċ");
}

TEST(Metaspace, Schemes) {
  const std::vector<std::string> tokens = {"a", "b", "▁", "▁a", "▁b", "a▁b", "▁a▁b"};
  auto metaspace = [](const std::string &options) {
    return R"({"type":"Metaspace","replacement":"▁")" + options + "}";
  };
  EXPECT_EQ(words(metaspace(""), "a b", tokens), "▁a|▁b"); // always, split
  EXPECT_EQ(words(metaspace(R"(,"prepend_scheme":"never")"), "a  b", tokens), "a|▁|▁b");
  EXPECT_EQ(words(metaspace(R"(,"split":false)"), "a b", tokens), "▁a▁b");
  EXPECT_EQ(words(metaspace(R"(,"prepend_scheme":"first","split":false)"), "a b", tokens), "▁a▁b");
  EXPECT_EQ(words(metaspace(R"(,"add_prefix_space":false)"), "a b", tokens), "a|▁b"); // how old files say never
}

TEST(Metaspace, FirstMeansTheInputsFirstByte) {
  TokenizerText json;
  json.vocab = vocabOf({"a", "▁", "▁a", "b"});
  json.merges = R"(["▁ a"])";
  json.preTokenizer = R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false})";
  json.added = "[" + addedToken(4, "<s>") + "]";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "a<s>a"), Ids({2, 4, 0}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "<s>a"), Ids({4, 0}));
}

TEST(Normalizer, Kinds) {
  auto normalized = [](const std::string &normalizer, std::string_view text, const std::string &result) {
    EXPECT_EQ(words("null", text, {result, "other"}, normalizer), result) << normalizer;
  };
  normalized(R"({"type":"Prepend","prepend":"▁"})", "a", "▁a");
  normalized(R"({"type":"Replace","pattern":{"String":" "},"content":"▁"})", "a b ", "a▁b▁");
  normalized(R"({"type":"Replace","pattern":{"Regex":"\\s+"},"content":"_"})", "a \t b", "a_b");
  normalized(R"({"type":"Lowercase"})", "AÉΣ", "aéσ"); // sigma does not look at its neighbours
  normalized(R"({"type":"Lowercase"})", "\u0130", "i\u0307");
  normalized(R"({"type":"Strip","strip_left":true,"strip_right":false})", " \u3000a ", "a ");
  normalized(R"({"type":"Strip","strip_left":false,"strip_right":true})", " a\u00a0\t", " a");
  normalized(R"({"type":"NFC"})", "e\u0301", "\u00e9");
  normalized(R"({"type":"NFD"})", "\u00e9", "e\u0301");
  normalized(R"({"type":"NFD"})", "q\u0307\u0323", "q\u0323\u0307"); // canonical order
  normalized(R"({"type":"NFC"})", "\u1100\u1161\u11a8", "\uac01");
  normalized(R"({"type":"NFKC"})", "\ufb01\u2460", "fi1");
  normalized(R"({"type":"NFKD"})", "\u1e9b\u0323", "s\u0323\u0307");
  normalized(R"({"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Lowercase"}]})", "\uff21", "a");
}

TEST(Normalizer, LongRunsOfMarksTakeNoQuadraticTime) {
  TokenizerText json;
  json.normalizer = R"({"type":"NFD"})";
  auto tokenizer = parseOrFail(json.json());
  std::string text = "a";
  for (int i = 0; i < 200000; ++i)
    text += i % 2 ? "\u0323" : "\u0307"; // two classes, the wrong way round
  EXPECT_EQ(encodeOrFail(*tokenizer, text), Ids({0}));
}

TEST(AddedTokens, LeftmostLongest) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "<x") + "," + addedToken(7, "<xy>") + "," + addedToken(8, "xy") + "]";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "a<xy>b"), Ids({0, 7, 1}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "<xyc"), Ids({6, 2})); // <x begins before xy; the y behind it is no token
  EXPECT_EQ(encodeOrFail(*tokenizer, "xy"), Ids({8}));
}

TEST(AddedTokens, SpacesAroundThem) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "<l>", true, "false", "true", "false") + "," +
               addedToken(7, "<r>", true, "false", "false", "true") + "]";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "a <l> b"), Ids({0, 6, 5, 1}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "a <r> b"), Ids({0, 5, 7, 1}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "<r>  <l>"), Ids({7, 6})); // the spaces go with the first
}

TEST(AddedTokens, SpacesThatAreTokensAndAreTakenTakeNoQuadraticTime) {
  TokenizerText json; // both take all white space to their right, and the second is found within what the first took
  json.added = "[" + addedToken(6, "<r>", true, "false", "false", "true") + "," +
               addedToken(7, "  ", true, "false", "false", "true") + "]";
  auto tokenizer = parseOrFail(json.json());
  Ids expected = {6, 7, 7};
  EXPECT_EQ(encodeOrFail(*tokenizer, "<r>    "), expected);
  EXPECT_EQ(encodeOrFail(*tokenizer, "<r>" + std::string(1 << 20, ' ')).size(), (1u << 19) + 1);
}

TEST(AddedTokens, SingleWords) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "ab", false, "true") + "]";
  json.vocab = vocabOf({"a", "b", "c", "x", "é", " "});
  json.merges = "[]";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "ab"), Ids({6}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "c ab c"), Ids({2, 5, 6, 5, 2}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "cab"), Ids({2, 0, 1}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "abé"), Ids({0, 1, 4}));
}

TEST(AddedTokens, NormalizedOnesMatchNormalizedText) {
  TokenizerText json;
  json.normalizer = R"({"type":"Lowercase"})";
  json.added = "[" + addedToken(6, "Foo", false, "false", "false", "false", "true") + "," +
               addedToken(7, "Bar", false, "false", "false", "false", "false") + "]";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "aFOOb"), Ids({0, 6, 1}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "aBarb"), Ids({0, 7, 1}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "bar"), Ids({1, 0})); // no token; the r is dropped
}

TEST(AddedTokens, SpecialTextCanStayText) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "ab", true) + "," + addedToken(7, "c", false) + "]";
  json.vocab = vocabOf({"a", "b", "x", "y", "z", " "});
  json.merges = "[]";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "abc"), Ids({6, 7}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "abc", false, Tokenizer::SpecialText::IsText), Ids({0, 1, 7}));
}

TEST(PostProcessor, Template) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "<s>") + "," + addedToken(7, "</s>") + "]";
  json.postProcessor =
      R"({"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true},
    {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
     {"SpecialToken":{"id":"end","type_id":0}}],"pair":[],
     "special_tokens":{"<s>":{"id":"<s>","ids":[6],"tokens":["<s>"]},"end":{"id":"end","ids":[7,7],"tokens":["</s>","</s>"]}}}]})";
  auto tokenizer = parseOrFail(json.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "ab", true), Ids({6, 3, 7, 7}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "ab", false), Ids({3}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "", true), Ids({6, 7, 7}));
}

TEST(Config, NamesBosAndEosAndSwitches) {
  TokenizerText json;
  json.added = "[" + addedToken(6, "<s>") + "," + addedToken(7, "</s>") + "]";
  std::string names = R"("bos_token":"<s>","eos_token":{"content":"</s>","__type":"AddedToken"})";
  auto tokenizer = parseOrFail(json.json(), "{" + names + "}");
  EXPECT_EQ(tokenizer->bosId(), 6);
  EXPECT_EQ(tokenizer->eosId(), 7);
  EXPECT_EQ(encodeOrFail(*tokenizer, "ab", true), Ids({3}));
  // transformers' Llama tokenizer puts them around the text as these two say.
  std::string llama =
      R"({"tokenizer_class":"LlamaTokenizerFast","add_bos_token":true,"add_eos_token":true,)" + names + "}";
  EXPECT_EQ(encodeOrFail(*parseOrFail(json.json(), llama), "ab", true), Ids({6, 3, 7}));
  EXPECT_EQ(encodeOrFail(*parseOrFail(json.json(), llama), "ab", false), Ids({3}));
  EXPECT_FALSE(parseOrFail(json.json())->bosId().has_value());
}

TEST(Words, UnknownWordsAreCounted) {
  // Guards countWords() itself, and with it the pre-tokenizers on text that no vocabulary holds.
  EXPECT_EQ(countWords("null", "日本 語"), 1u);
  EXPECT_EQ(countWords(split(R"({"Regex":"\\s"})", "Removed"), "日本 語"), 2u);
}

} // namespace
