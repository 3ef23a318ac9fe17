// Reads the BPE model of a tokenizer.json: options, vocabulary, merges.
#include "runtime/text/Bpe.h"

#include "runtime/text/JsonFields.h"
#include "runtime/text/Unicode.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace tenon::text {

namespace {

// Ids may leave gaps, but not so many that a small file asks for a large table.
int64_t idBound(size_t tokens) { return static_cast<int64_t>(tokens) * 2 + 65536; }

Status parseVocabulary(const JsonValue &node, Vocabulary &vocabulary) {
  TENON_ASSIGN(JsonMembers tokens, node.asObject());
  size_t count = 0, bytes = 0;
  for (auto [token, id] : tokens) {
    ++count;
    bytes += token.size();
  }
  vocabulary.reserve(count + 1024, bytes + 65536); // and the added tokens
  int64_t bound = idBound(count);
  for (auto [token, value] : tokens) {
    TENON_ASSIGN(int64_t id, value.integer(0, bound - 1));
    switch (vocabulary.insert(token, static_cast<int32_t>(id))) {
    case Vocabulary::Inserted::Yes:
      break;
    case Vocabulary::Inserted::TokenRepeats: // JSON keys that repeat are refused before
      return invalidAt(node, "every token once", quoteForMessage(token) + " twice");
    case Vocabulary::Inserted::IdRepeats:
      return invalidAt(value, "an id of its own",
                       std::to_string(id) + ", which is " +
                           quoteForMessage(*vocabulary.text(static_cast<int32_t>(id))));
    }
  }
  return Status::ok();
}

class MergeReader {
public:
  MergeReader(const Vocabulary &vocabulary, MergeTable &merges) : vocabulary_(vocabulary), merges_(merges) {}

  Status add(const JsonValue &entry) {
    if (!begun_)
      pairs_ = entry.kind() == JsonKind::Array;
    begun_ = true;
    Merge &merge = block_[filled_];
    merge.entry = entry;
    bool skip = false;
    TENON_TRY(pairs_ ? readPair(merge) : readLine(merge, skip));
    if (skip)
      return Status::ok();
    merge.joined.assign(merge.texts[0]);
    merge.joined += merge.texts[1];
    merge.texts[2] = merge.joined;
    for (int i = 0; i < 2; ++i) {
      merge.hashes[i] = vocabulary_.hash(merge.texts[i]);
      vocabulary_.fetchSlot(merge.hashes[i]);
    }
    return ++filled_ == blockSize ? flush() : Status::ok();
  }

  Status flush() {
    for (Merge &merge : block())
      for (int i = 0; i < 2; ++i)
        vocabulary_.fetchRecord(merge.hashes[i]);
    for (Merge &merge : block()) {
      // Most merges make the token that the last one made, or the next.
      merge.ids[2] = -1;
      for (int32_t guess : {lastId_, lastId_ + 1})
        if (vocabulary_.text(guess) == merge.texts[2])
          lastId_ = merge.ids[2] = guess;
      if (merge.ids[2] < 0) {
        merge.hashes[2] = vocabulary_.hash(merge.texts[2]);
        vocabulary_.fetchSlot(merge.hashes[2]);
      }
      for (int i = 0; i < 2; ++i)
        TENON_TRY(find(merge, i));
      merges_.fetch(merge.ids[0], merge.ids[1]);
    }
    for (Merge &merge : block())
      if (merge.ids[2] < 0)
        vocabulary_.fetchRecord(merge.hashes[2]);
    for (Merge &merge : block()) {
      if (merge.ids[2] < 0)
        TENON_TRY(find(merge, 2));
      lastId_ = merge.ids[2];
      merges_.set(merge.ids[0], merge.ids[1], {rank_++, merge.ids[2]});
    }
    filled_ = 0;
    return Status::ok();
  }

private:
  static constexpr size_t blockSize = 64;
  struct Merge {
    std::optional<JsonValue> entry;
    std::string_view texts[3]; // left, right and what they become
    std::string joined;
    uint64_t hashes[3];
    int32_t ids[3];
  };
  std::span<Merge> block() { return {block_.data(), filled_}; }

  Status readPair(Merge &merge) const {
    size_t count = 0;
    bool isPair = merge.entry->kind() == JsonKind::Array;
    for (JsonValue text : merge.entry->elements()) {
      isPair = isPair && count < 2 && text.kind() == JsonKind::String;
      if (isPair)
        merge.texts[count] = *text.string();
      ++count;
    }
    return isPair && count == 2 ? Status::ok() : merge.entry->mismatch("two tokens, as in [\"a\", \"b\"]");
  }

  // `skip` is set for the first line of a merges.txt, which files of the first years carry along.
  Status readLine(Merge &merge, bool &skip) const {
    constexpr std::string_view expected = "two tokens with one space between them, as in \"a b\"";
    if (merge.entry->kind() != JsonKind::String)
      return merge.entry->mismatch(expected);
    std::string_view line = *merge.entry->string();
    skip = line.starts_with("#version");
    if (skip)
      return Status::ok();
    size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
      return merge.entry->mismatch(expected);
    merge.texts[0] = line.substr(0, space);
    merge.texts[1] = line.substr(space + 1);
    return Status::ok();
  }

  Status find(Merge &merge, int which) const {
    merge.ids[which] = vocabulary_.find(merge.texts[which], merge.hashes[which]);
    if (merge.ids[which] >= 0)
      return Status::ok();
    return invalidAt(*merge.entry, "a merge of two tokens of the vocabulary into a third",
                     quoteForMessage(merge.texts[which]) + ", which is not in the vocabulary");
  }

  const Vocabulary &vocabulary_;
  MergeTable &merges_;
  std::array<Merge, blockSize> block_;
  size_t filled_ = 0;
  uint32_t rank_ = 0;
  int32_t lastId_ = -1;
  bool begun_ = false;
  bool pairs_ = false; // the first entry says how all are written: ["a", "b"] or "a b"
};

} // namespace

Result<std::unique_ptr<Bpe>> Bpe::parse(const JsonValue &node, Vocabulary &vocabulary) {
  std::unique_ptr<Bpe> bpe(new Bpe(vocabulary));
  TENON_TRY(bpe->parseOptions(node));
  TENON_ASSIGN(JsonValue tokens, node.member("vocab"));
  TENON_TRY(parseVocabulary(tokens, vocabulary));
  TENON_ASSIGN(JsonValue merges, node.member("merges"));
  TENON_TRY(bpe->parseMerges(merges));
  bpe->prepare();
  return bpe;
}

// All that the reference writes. What else stands there may be meant to change the tokens.
static Status checkFields(const JsonValue &node) {
  constexpr std::string_view known[] = {"type",
                                        "dropout",
                                        "unk_token",
                                        "continuing_subword_prefix",
                                        "end_of_word_suffix",
                                        "fuse_unk",
                                        "byte_fallback",
                                        "ignore_merges",
                                        "vocab",
                                        "merges"};
  TENON_ASSIGN(JsonMembers members, node.asObject());
  for (auto [name, value] : members)
    if (!value.isNull() && std::find(std::begin(known), std::end(known), name) == std::end(known))
      return value.error("this field of a BPE model is not known and may change the tokens; remove it if it does not",
                         Code::Unsupported);
  return Status::ok();
}

Status Bpe::parseOptions(const JsonValue &node) {
  TENON_TRY(checkFields(node));
  if (std::optional<JsonValue> dropout = present(node, "dropout")) {
    TENON_ASSIGN(double probability, dropout->real());
    if (probability != 0)
      return dropout->error("dropout " + std::to_string(probability) +
                                " would make the encoding random; set it to null",
                            Code::Unsupported);
  }
  for (std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (std::optional<JsonValue> affix = present(node, key)) {
      TENON_ASSIGN(std::string_view text, affix->string());
      if (!text.empty())
        return affix->error("a " + std::string(key) + " (" + quoteForMessage(text) + ") is not supported",
                            Code::Unsupported);
    }
  if (std::optional<JsonValue> unknown = present(node, "unk_token")) {
    TENON_ASSIGN(unknownToken_, unknown->string());
    hasUnknown_ = true;
  }
  TENON_ASSIGN(fuseUnknown_, booleanOr(node, "fuse_unk", false));
  TENON_ASSIGN(byteFallback_, booleanOr(node, "byte_fallback", false));
  TENON_ASSIGN(ignoreMerges_, booleanOr(node, "ignore_merges", false));
  return Status::ok();
}

// Merges come by the hundred thousand, and each looks three tokens up at random places: block by block, so that the
// memory for one merge arrives while others are worked on.
Status Bpe::parseMerges(const JsonValue &node) {
  TENON_ASSIGN(JsonElements list, node.asArray());
  size_t count = 0;
  for (auto entry = list.begin(); entry != list.end(); ++entry)
    ++count;
  merges_.reserve(count);
  MergeReader reader(vocabulary_, merges_);
  for (JsonValue entry : list)
    TENON_TRY(reader.add(entry));
  return reader.flush();
}

void Bpe::prepare() {
  for (char32_t code = 0; code < directCharacters; ++code) {
    std::string text;
    appendUtf8(text, code);
    characterIds_[code] = vocabulary_.find(text);
  }
  for (int byte = 0; byte < 256; ++byte) {
    constexpr char digits[] = "0123456789ABCDEF";
    byteIds_[static_cast<size_t>(byte)] =
        vocabulary_.find(std::string("<0x") + digits[byte >> 4] + digits[byte & 15] + ">");
  }
  if (hasUnknown_)
    unknownId_ = vocabulary_.find(unknownToken_);
  idLimit_ = vocabulary_.idLimit();
  words_ = std::make_unique<std::atomic<uint8_t>[]>(static_cast<size_t>(idLimit_));
  for (int32_t id = 0; id < idLimit_; ++id)
    words_[static_cast<size_t>(id)].store(vocabulary_.text(id) ? Untried : NotOurs, std::memory_order_relaxed);
}

} // namespace tenon::text
