// Byte-pair encoding: a word becomes its characters' tokens, and the pair with the smallest rank merges, the leftmost
// first, until no pair does. `model` of kind BPE in tokenizer.json. (Sennrich et al. 2016, "Neural Machine Translation
// of Rare Words with Subword Units".)
//
// Both families are here: byte-level BPE, whose words are written in the alphabet of bytes, and SentencePiece's BPE,
// whose unknown characters fall back to the tokens <0x00> to <0xFF>. Threads: const members may run concurrently.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/text/MergeTable.h"
#include "runtime/text/Vocabulary.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

class Bpe {
public:
  // Reusable memory of one thread's encoding.
  struct Scratch {
    struct Symbol {
      int32_t id;
      int32_t previous; // index of the neighbour, -1 at the ends
      int32_t next;
      bool alive;
    };
    struct Candidate {
      uint32_t rank;
      int32_t position; // index of the left symbol
      int32_t id;       // what the pair becomes
    };
    std::vector<int32_t> ids;
    std::vector<uint32_t> ranks;
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
  };

  // `vocabulary` must outlive the model; it may gain added tokens afterwards.
  static Result<std::unique_ptr<Bpe>> parse(const JsonValue &node, Vocabulary &vocabulary);

  // Appends the tokens of one word (valid UTF-8, not empty, below 2^31 bytes). O(n log n) in the word's length.
  // Error: InvalidFile when the word needs the unknown token and the vocabulary lacks it.
  Status encode(std::string_view word, Scratch &scratch, std::vector<int32_t> &out) const;

private:
  explicit Bpe(const Vocabulary &vocabulary) : vocabulary_(vocabulary) {}

  Status parseOptions(const JsonValue &node);
  Status parseMerges(const JsonValue &node);
  void prepare();
  // The model's own token with this text, or `none`.
  int32_t find(std::string_view text) const {
    int32_t id = vocabulary_.find(text);
    return id < idLimit_ && id >= 0 && wordState(id).load(std::memory_order_relaxed) != NotOurs ? id : none;
  }
  std::atomic<uint8_t> &wordState(int32_t id) const { return words_[static_cast<size_t>(id)]; }
  // The word's characters as tokens, into scratch.ids.
  Status split(std::string_view word, Scratch &scratch) const;
  // Merges scratch.ids in place: by scanning, for the short words that text is made of, or with a heap.
  void mergeShort(Scratch &scratch) const;
  void mergeLong(Scratch &scratch) const;

  static constexpr int32_t none = -1;
  static constexpr char32_t directCharacters = 0x180; // covers ASCII and the alphabet of bytes

  const Vocabulary &vocabulary_;
  MergeTable merges_;
  std::array<int32_t, directCharacters> characterIds_; // `none` for those that are no token
  std::array<int32_t, 256> byteIds_;                   // of <0x00> to <0xFF>
  std::string unknownToken_;
  bool hasUnknown_ = false;
  int32_t unknownId_ = none; // `none` with hasUnknown_: named, but not in the vocabulary
  bool fuseUnknown_ = false;
  bool byteFallback_ = false;
  bool ignoreMerges_ = false;
  // Per id, whether its text encodes to the id itself: most words are one token, and this finds them with one look-up.
  enum Word : uint8_t { Untried, OneToken, ManyTokens, NotOurs /* a gap, or an added token */ };
  int32_t idLimit_ = 0;
  std::unique_ptr<std::atomic<uint8_t>[]> words_;
};

} // namespace tenon::text
