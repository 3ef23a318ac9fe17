// Reads the BPE model of a tokenizer.json: options, vocabulary, merges.
#include "runtime/text/Bpe.h"

#include "runtime/text/Unicode.h"

#include <array>
#include <span>

namespace tenon::text {

namespace {

// Ids may leave gaps, but not so many that a small file asks for a large table.
int64_t idBound(size_t tokens) { return static_cast<int64_t>(tokens) * 2 + 65536; }

Status parseVocabulary(const JsonNode &node, Vocabulary &vocabulary) {
  TENON_ASSIGN(simdjson::dom::object tokens, node.asObject());
  size_t count = 0, bytes = 0; // dom::object::size() saturates at 2^24 - 1
  for (auto [token, id] : tokens) {
    ++count;
    bytes += token.size();
  }
  vocabulary.reserve(count + 1024, bytes + 65536); // and the added tokens
  int64_t bound = idBound(count);
  for (auto [token, value] : tokens) {
    auto place = [&, name = token] { return JsonNode(value, node.path() + "[" + inQuotes(name) + "]"); };
    int64_t id = 0;
    if (value.get(id) != simdjson::SUCCESS || id < 0 || id >= bound)
      return place().invalid("an id from 0 to " + std::to_string(bound - 1) + " (there are " + std::to_string(count) +
                                 " tokens)",
                             place().describe());
    switch (vocabulary.insert(token, static_cast<int32_t>(id))) {
    case Vocabulary::Inserted::Yes:
      break;
    case Vocabulary::Inserted::TokenRepeats:
      return node.invalid("every token once", inQuotes(token) + " twice");
    case Vocabulary::Inserted::IdRepeats:
      return place().invalid("an id of its own",
                             std::to_string(id) + ", which is " + inQuotes(*vocabulary.text(static_cast<int32_t>(id))));
    }
  }
  return Status::ok();
}

class MergeReader {
public:
  MergeReader(const JsonNode &node, const Vocabulary &vocabulary, MergeTable &merges)
      : node_(node), vocabulary_(vocabulary), merges_(merges) {}

  Status add(simdjson::dom::element entry) {
    Merge &merge = block_[filled_];
    merge.index = index_++;
    if (merge.index == 0)
      pairs_ = entry.is_array();
    bool skip = false;
    TENON_TRY(pairs_ ? readPair(entry, merge) : readLine(entry, merge, skip));
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
    size_t index;              // in the file
    std::string_view texts[3]; // left, right and what they become
    std::string joined;
    uint64_t hashes[3];
    int32_t ids[3];
  };
  std::span<Merge> block() { return {block_.data(), filled_}; }
  JsonNode place(simdjson::dom::element entry, size_t index) const {
    return JsonNode(entry, node_.path() + "[" + std::to_string(index) + "]");
  }

  Status readPair(simdjson::dom::element entry, Merge &merge) const {
    simdjson::dom::array pair;
    bool isPair = entry.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
                  pair.at(0).get(merge.texts[0]) == simdjson::SUCCESS &&
                  pair.at(1).get(merge.texts[1]) == simdjson::SUCCESS;
    if (isPair)
      return Status::ok();
    JsonNode where = place(entry, merge.index);
    return where.invalid("two tokens, as in [\"a\", \"b\"]", where.describe());
  }

  // `skip` is set for the first line of a merges.txt, which files of the first years carry along.
  Status readLine(simdjson::dom::element entry, Merge &merge, bool &skip) const {
    std::string_view line;
    bool isText = entry.get(line) == simdjson::SUCCESS;
    skip = isText && line.starts_with("#version");
    if (skip)
      return Status::ok();
    size_t space = line.find(' ');
    if (!isText || space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      JsonNode where = place(entry, merge.index);
      return where.invalid("two tokens with one space between them, as in \"a b\"", where.describe());
    }
    merge.texts[0] = line.substr(0, space);
    merge.texts[1] = line.substr(space + 1);
    return Status::ok();
  }

  Status find(Merge &merge, int which) const {
    merge.ids[which] = vocabulary_.find(merge.texts[which], merge.hashes[which]);
    if (merge.ids[which] >= 0)
      return Status::ok();
    return place(node_.element(), merge.index)
        .invalid("a merge of two tokens of the vocabulary into a third",
                 inQuotes(merge.texts[which]) + ", which is not in the vocabulary");
  }

  const JsonNode &node_;
  const Vocabulary &vocabulary_;
  MergeTable &merges_;
  std::array<Merge, blockSize> block_;
  size_t filled_ = 0;
  size_t index_ = 0;
  uint32_t rank_ = 0;
  int32_t lastId_ = -1;
  bool pairs_ = false; // the first entry says how all are written: ["a", "b"] or "a b"
};

} // namespace

Result<std::unique_ptr<Bpe>> Bpe::parse(const JsonNode &node, Vocabulary &vocabulary) {
  std::unique_ptr<Bpe> bpe(new Bpe(vocabulary));
  TENON_TRY(bpe->parseOptions(node));
  TENON_ASSIGN(JsonNode tokens, node.member("vocab"));
  TENON_TRY(parseVocabulary(tokens, vocabulary));
  TENON_ASSIGN(JsonNode merges, node.member("merges"));
  TENON_TRY(bpe->parseMerges(merges));
  bpe->prepare();
  return bpe;
}

Status Bpe::parseOptions(const JsonNode &node) {
  if (std::optional<JsonNode> dropout = node.find("dropout")) {
    TENON_ASSIGN(double probability, dropout->asNumber());
    if (probability != 0)
      return dropout->unsupported("dropout " + std::to_string(probability) +
                                  " would make the encoding random; set it to null");
  }
  for (std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (std::optional<JsonNode> affix = node.find(key)) {
      TENON_ASSIGN(std::string_view text, affix->asString());
      if (!text.empty())
        return affix->unsupported("a " + std::string(key) + " (" + inQuotes(text) + ") is not supported");
    }
  if (std::optional<JsonNode> unknown = node.find("unk_token")) {
    TENON_ASSIGN(unknownToken_, unknown->asString());
    hasUnknown_ = true;
  }
  TENON_ASSIGN(fuseUnknown_, node.boolOr("fuse_unk", false));
  TENON_ASSIGN(byteFallback_, node.boolOr("byte_fallback", false));
  TENON_ASSIGN(ignoreMerges_, node.boolOr("ignore_merges", false));
  return Status::ok();
}

// Merges come by the hundred thousand, and each looks three tokens up at random places: block by block, so that the
// memory for one merge arrives while others are worked on.
Status Bpe::parseMerges(const JsonNode &node) {
  TENON_ASSIGN(simdjson::dom::array list, node.asArray());
  size_t count = 0; // dom::array::size() saturates at 2^24 - 1
  for (simdjson::dom::element entry : list) {
    (void)entry;
    ++count;
  }
  merges_.reserve(count);
  MergeReader reader(node, vocabulary_, merges_);
  for (simdjson::dom::element entry : list)
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
