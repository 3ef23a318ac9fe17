// Byte-pair encoding by its definition: the smallest rank first, the leftmost among equals.
#include "TextTesting.h"
#include "TokenizerBuilder.h"

#include <chrono>
#include <thread>

using namespace tenon::text;
using namespace tenon::text::testing;
using Ids = std::vector<int32_t>;

namespace {

TEST(Bpe, SmallestRankFirst) {
  TokenizerText text;
  text.vocab = vocabOf({"a", "b", "c", "ab", "bc", "abc"});
  text.merges = R"(["b c","a b","a bc"])";
  auto tokenizer = parseOrFail(text.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "abc"), Ids({5})); // b c, then a bc; "a b" would leave ab c
  EXPECT_EQ(encodeOrFail(*tokenizer, "ab"), Ids({3}));
  text.merges = R"(["a b","b c","a bc"])";
  tokenizer = parseOrFail(text.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "abc"), Ids({3, 2}));
}

TEST(Bpe, LeftmostAmongEqualsInShortAndLongWords) {
  TokenizerText text;
  text.vocab = vocabOf({"a", "aa"});
  text.merges = R"(["a a"])";
  auto tokenizer = parseOrFail(text.json());
  for (size_t length : {2, 3, 5, 47, 48, 49, 50, 51, 1000, 1001}) {
    Ids expected(length / 2, 1);
    if (length % 2)
      expected.push_back(0);
    EXPECT_EQ(encodeOrFail(*tokenizer, std::string(length, 'a')), expected) << length;
  }
}

// Merges by the definition, without any cleverness, for comparison.
std::vector<std::string> mergeSlowly(std::vector<std::string> symbols,
                                     const std::vector<std::pair<std::string, std::string>> &merges) {
  for (;;) {
    size_t bestRank = merges.size(), bestAt = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i)
      for (size_t rank = 0; rank < bestRank; ++rank)
        if (merges[rank] == std::pair(symbols[i], symbols[i + 1])) {
          bestRank = rank;
          bestAt = i;
        }
    if (bestRank == merges.size())
      return symbols;
    symbols[bestAt] += symbols[bestAt + 1];
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(bestAt) + 1);
  }
}

TEST(Bpe, RandomWordsMatchTheDefinition) {
  uint32_t state = 12345;
  auto next = [&](uint32_t below) {
    return (state = state * 1664525 + 1013904223) >> 16 & 0x7FFF ? (state >> 16) % below : 0;
  };
  for (int round = 0; round < 30; ++round) {
    std::vector<std::string> tokens = {"a", "b", "c"};
    std::vector<std::pair<std::string, std::string>> merges;
    for (int i = 0; i < 25; ++i) {
      std::pair<std::string, std::string> merge(tokens[next(tokens.size())], tokens[next(tokens.size())]);
      if (std::find(merges.begin(), merges.end(), merge) != merges.end())
        continue;
      merges.push_back(merge);
      if (std::find(tokens.begin(), tokens.end(), merge.first + merge.second) == tokens.end())
        tokens.push_back(merge.first + merge.second);
    }
    TokenizerText text;
    text.vocab = vocabOf(tokens);
    text.merges = "[";
    for (size_t i = 0; i < merges.size(); ++i)
      text.merges += (i ? ",[\"" : "[\"") + merges[i].first + "\",\"" + merges[i].second + "\"]";
    text.merges += "]";
    auto tokenizer = parseOrFail(text.json());
    for (size_t length : {1, 2, 7, 30, 60, 120}) {
      std::vector<std::string> symbols;
      std::string word;
      for (size_t i = 0; i < length; ++i) {
        symbols.push_back(std::string(1, "abc"[next(3)]));
        word += symbols.back();
      }
      Ids expected;
      for (const std::string &symbol : mergeSlowly(symbols, merges))
        expected.push_back(*tokenizer->idOf(symbol));
      EXPECT_EQ(encodeOrFail(*tokenizer, word), expected) << word;
      EXPECT_EQ(encodeOrFail(*tokenizer, word), expected) << word << ", the second time";
    }
  }
}

TEST(Bpe, IgnoreMergesTakesWholeWords) {
  TokenizerText text;
  text.vocab = vocabOf({"a", "b", "c", "ab", "abc"});
  text.merges = R"(["a b"])";
  EXPECT_EQ(encodeOrFail(*parseOrFail(text.json()), "abc"), Ids({3, 2})); // no merge leads to abc
  text.modelOptions = R"(,"ignore_merges":true)";
  EXPECT_EQ(encodeOrFail(*parseOrFail(text.json()), "abc"), Ids({4}));
}

TEST(Bpe, UnknownCharacters) {
  TokenizerText text;
  text.vocab = vocabOf({"<unk>", "a"});
  text.merges = "[]";
  EXPECT_EQ(encodeOrFail(*parseOrFail(text.json()), "xayz"), Ids({1})); // without unk_token they go
  text.modelOptions = R"(,"unk_token":"<unk>")";
  EXPECT_EQ(encodeOrFail(*parseOrFail(text.json()), "xayz"), Ids({0, 1, 0, 0}));
  text.modelOptions = R"(,"unk_token":"<unk>","fuse_unk":true)";
  EXPECT_EQ(encodeOrFail(*parseOrFail(text.json()), "xayz"), Ids({0, 1, 0}));
}

TEST(Bpe, UnknownTokenThatIsAnAddedTokenAloneFailsWhenNeeded) {
  TokenizerText text;
  text.modelOptions = R"(,"unk_token":"<unk>")";
  text.added = "[" + addedToken(6, "<unk>") + "]";
  auto tokenizer = parseOrFail(text.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "abc"), Ids({4}));
  tenon::Result<Ids> ids = tokenizer->encode("x", false);
  ASSERT_FALSE(ids.isOk());
  EXPECT_EQ(ids.status().code(), tenon::Code::InvalidFile);
  EXPECT_NE(ids.status().message().find("model.unk_token"), std::string::npos) << ids.status().message();
}

TEST(Bpe, ByteFallback) {
  TokenizerText text;
  text.vocab = vocabOf({"<unk>", "a", "<0xC3>", "<0xA9>"});
  text.merges = "[]";
  text.modelOptions = R"(,"unk_token":"<unk>","byte_fallback":true)";
  auto tokenizer = parseOrFail(text.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "aé"), Ids({1, 2, 3}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "ê"), Ids({0})); // not all of its bytes are tokens
}

TEST(Bpe, BothFormsOfMergesAndTheVersionLine) {
  TokenizerText lines, pairs, version;
  pairs.merges = R"([["a","b"],["ab","c"]])";
  version.merges = R"(["#version: 0.2","a b","ab c"])";
  for (const TokenizerText &text : {lines, pairs, version})
    EXPECT_EQ(encodeOrFail(*parseOrFail(text.json()), "abcab"), Ids({4, 3}));
}

TEST(Bpe, AddedTokensAreNotWordsOfTheModel) {
  TokenizerText text; // "cc" only becomes one token where it is found as an added token
  text.added = "[" + addedToken(6, "cc", true) + "]";
  text.modelOptions = R"(,"ignore_merges":true)";
  auto tokenizer = parseOrFail(text.json());
  EXPECT_EQ(encodeOrFail(*tokenizer, "cc"), Ids({6}));
  EXPECT_EQ(encodeOrFail(*tokenizer, "cc", false, Tokenizer::SpecialText::IsText), Ids({2, 2}));
}

TEST(Bpe, AMegabyteOfOneLetterIsNotQuadratic) {
  TokenizerText text;
  std::vector<std::string> tokens;
  std::string merges = "[";
  for (size_t length = 1; length <= 64; length *= 2) {
    tokens.push_back(std::string(length, 'a'));
    if (length > 1)
      merges += (length > 2 ? ",\"" : "\"") + std::string(length / 2, 'a') + " " + std::string(length / 2, 'a') + "\"";
  }
  text.vocab = vocabOf(tokens);
  text.merges = merges + "]";
  auto tokenizer = parseOrFail(text.json());
  auto seconds = [&](size_t length) {
    auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(encodeOrFail(*tokenizer, std::string(length, 'a')), Ids(length / 64, 6));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // Quadratic work on a word of 2^20 characters would take hours; the bound leaves room for a slow, busy machine.
  EXPECT_LT(seconds(size_t(1) << 20), 30.0);
}

TEST(Bpe, ManyThreadsOneTokenizer) {
  std::string folder = "models/verse-7m";
  auto tokenizer = parseOrFail(readTestFile(folder + "/tokenizer.json"));
  std::string text = readTestFile("models/eval/kjv.txt").substr(0, 20000);
  auto fresh = parseOrFail(readTestFile(folder + "/tokenizer.json"));
  Ids expected = encodeOrFail(*fresh, text);
  std::vector<std::thread> threads;
  std::vector<Ids> results(4);
  for (Ids &result : results)
    threads.emplace_back([&] { result = encodeOrFail(*tokenizer, text); });
  for (std::thread &thread : threads)
    thread.join();
  for (const Ids &result : results)
    EXPECT_EQ(result, expected);
}

} // namespace
