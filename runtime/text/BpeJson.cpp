// Reads the BPE model of a tokenizer.json: options, vocabulary, merges.
#include "runtime/text/Bpe.h"

#include "runtime/text/Unicode.h"

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

Status Bpe::parseMerges(const JsonNode &node) {
  TENON_ASSIGN(simdjson::dom::array list, node.asArray());
  size_t count = 0;
  for (simdjson::dom::element entry : list) {
    (void)entry;
    ++count;
  }
  merges_.reserve(count);
  std::string joined;
  size_t index = 0;
  uint32_t rank = 0;
  bool pairs = false; // the first entry says how all are written: ["a", "b"] or "a b"
  for (simdjson::dom::element entry : list) {
    auto place = [&] { return JsonNode(entry, node.path() + "[" + std::to_string(index) + "]"); };
    if (index == 0)
      pairs = entry.is_array();
    std::string_view left, right;
    if (pairs) {
      simdjson::dom::array pair;
      bool isPair = entry.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
                    pair.at(0).get(left) == simdjson::SUCCESS && pair.at(1).get(right) == simdjson::SUCCESS;
      if (!isPair)
        return place().invalid("two tokens, as in [\"a\", \"b\"]", place().describe());
    } else {
      std::string_view line;
      if (entry.get(line) != simdjson::SUCCESS)
        return place().invalid("two tokens, as in \"a b\"", place().describe());
      if (line.starts_with("#version")) { // the first line of a merges.txt
        ++index;
        continue;
      }
      size_t space = line.find(' ');
      if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
        return place().invalid("two tokens with one space between them", place().describe());
      left = line.substr(0, space);
      right = line.substr(space + 1);
    }
    joined.assign(left);
    joined += right;
    int32_t ids[3];
    std::string_view texts[3] = {left, right, joined};
    for (int i = 0; i < 3; ++i) {
      ids[i] = vocabulary_.find(texts[i]);
      if (ids[i] < 0)
        return place().invalid("a merge of tokens of the vocabulary into another",
                               inQuotes(texts[i]) + ", which is none");
    }
    merges_.set(ids[0], ids[1], {rank++, ids[2]});
    ++index;
  }
  return Status::ok();
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
