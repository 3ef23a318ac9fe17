#include "runtime/text/PostProcessors.h"

#include "runtime/text/JsonFields.h"
#include "runtime/text/Kinds.h"

namespace tenon::text {

namespace {

using Parsed = Result<std::unique_ptr<PostProcessor>>;

// {"type": "Sequence", "processors": [...]}: one after the other.
class SequenceProcessor : public PostProcessor {
public:
  static Parsed parse(const JsonValue &node) {
    auto sequence = std::make_unique<SequenceProcessor>();
    TENON_ASSIGN(JsonElements items, elementsAt(node, "processors"));
    for (JsonValue item : items) {
      TENON_ASSIGN(std::unique_ptr<PostProcessor> processor, parsePostProcessor(item));
      sequence->processors_.push_back(std::move(processor));
    }
    return std::unique_ptr<PostProcessor>(std::move(sequence));
  }
  void apply(std::vector<int32_t> &ids, bool addSpecial) const override {
    for (const std::unique_ptr<PostProcessor> &processor : processors_)
      processor->apply(ids, addSpecial);
  }
  Status check(const Vocabulary &vocabulary) const override {
    for (const std::unique_ptr<PostProcessor> &processor : processors_)
      TENON_TRY(processor->check(vocabulary));
    return Status::ok();
  }

private:
  std::vector<std::unique_ptr<PostProcessor>> processors_;
};

// {"type": "ByteLevel", ...}: trims the offsets of tokens, which nobody asks for here; ids stay as they are.
class ByteLevelProcessor : public PostProcessor {
public:
  static Parsed parse(const JsonValue &) {
    return std::unique_ptr<PostProcessor>(std::make_unique<ByteLevelProcessor>());
  }
  void apply(std::vector<int32_t> &, bool) const override {}
  Status check(const Vocabulary &) const override { return Status::ok(); }
};

// {"type": "TemplateProcessing", "single": [...], "special_tokens": {...}}: special tokens and places for the text's
// tokens. "pair" is for two texts at once, which an engine never gets.
class TemplateProcessor : public PostProcessor {
public:
  struct Step {
    bool isText = false;
    std::vector<int32_t> ids; // of a special token
    std::string path;         // where they stand in the file
  };

  static Parsed parse(const JsonValue &node);
  explicit TemplateProcessor(std::vector<Step> steps) : steps_(std::move(steps)) {}

  void apply(std::vector<int32_t> &ids, bool addSpecial) const override {
    std::vector<int32_t> out;
    out.reserve(ids.size() + steps_.size());
    for (const Step &step : steps_) {
      const std::vector<int32_t> &add = step.isText ? ids : step.ids;
      if (step.isText || addSpecial)
        out.insert(out.end(), add.begin(), add.end());
    }
    ids = std::move(out);
  }

  Status check(const Vocabulary &vocabulary) const override {
    for (const Step &step : steps_)
      for (int32_t id : step.ids)
        if (!vocabulary.text(id))
          return Status(Code::InvalidFile,
                        step.path + ": expected ids of tokens, got " + std::to_string(id) + ", which is none");
    return Status::ok();
  }

private:
  std::vector<Step> steps_;
};

// A text's tokens may stand in the template more than once; a hostile file must not make millions of copies of them.
constexpr size_t mostSteps = 64;

Parsed TemplateProcessor::parse(const JsonValue &node) {
  TENON_ASSIGN(JsonValue single, node.member("single"));
  TENON_ASSIGN(JsonElements list, single.asArray());
  std::vector<JsonValue> pieces;
  for (JsonValue piece : list)
    pieces.push_back(piece);
  TENON_ASSIGN(JsonValue specials, node.member("special_tokens"));
  TENON_TRY(specials.asObject().status());
  if (pieces.size() > mostSteps)
    return single.error("a template of " + std::to_string(pieces.size()) + " pieces; at most " +
                            std::to_string(mostSteps) + " are supported",
                        Code::Unsupported);
  std::vector<Step> steps;
  for (JsonValue piece : pieces) {
    Step step;
    if (std::optional<JsonValue> sequence = present(piece, "Sequence")) {
      TENON_ASSIGN(std::string_view id, stringAt(*sequence, "id"));
      if (id != "A") // there is no second text
        return invalidAt(*sequence, "the sequence \"A\"", quoteForMessage(id));
      step.isText = true;
    } else if (std::optional<JsonValue> special = present(piece, "SpecialToken")) {
      TENON_ASSIGN(std::string_view name, stringAt(*special, "id"));
      TENON_ASSIGN(JsonValue token, specials.member(name));
      TENON_ASSIGN(JsonValue list, token.member("ids"));
      TENON_ASSIGN(JsonElements ids, list.asArray());
      for (JsonValue item : ids) {
        TENON_ASSIGN(int64_t id, item.integer(0, INT32_MAX));
        step.ids.push_back(static_cast<int32_t>(id));
      }
      step.path = placeOf(list);
    } else {
      return piece.mismatch("{\"Sequence\": ...} or {\"SpecialToken\": ...}");
    }
    steps.push_back(std::move(step));
  }
  return std::unique_ptr<PostProcessor>(std::make_unique<TemplateProcessor>(std::move(steps)));
}

constexpr Kind<Parsed> kinds[] = {
    {"Sequence", SequenceProcessor::parse},
    {"ByteLevel", ByteLevelProcessor::parse},
    {"TemplateProcessing", TemplateProcessor::parse},
};

} // namespace

Result<std::unique_ptr<PostProcessor>> parsePostProcessor(const JsonValue &node) {
  return parseKind(node, "post-processor", kinds);
}

std::unique_ptr<PostProcessor> surroundWith(std::vector<int32_t> before, std::vector<int32_t> after) {
  std::vector<TemplateProcessor::Step> steps;
  steps.push_back({false, std::move(before), {}});
  steps.push_back({true, {}, {}});
  steps.push_back({false, std::move(after), {}});
  return std::make_unique<TemplateProcessor>(std::move(steps));
}

} // namespace tenon::text
