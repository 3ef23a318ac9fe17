// Reads tokenizer.json and tokenizer_config.json.
#include "runtime/text/Growth.h"
#include "runtime/text/JsonFields.h"
#include "runtime/text/TokenizerParts.h"

namespace tenon::text {

namespace {

// Larger vocabularies than anybody trains still fit.
constexpr uint64_t mostJsonBytes = 256 << 20;

// A model without "type" is what files before 2020 have; vocabulary and merges together are BPE's alone.
Status checkModelKind(const JsonValue &model) {
  if (std::optional<JsonValue> type = present(model, "type")) {
    TENON_ASSIGN(std::string_view name, type->string());
    if (name != "BPE")
      return type->error("model kind " + quoteForMessage(name) + " is not supported; supported is BPE",
                         Code::Unsupported);
    return Status::ok();
  }
  if (!model.find("vocab") || !model.find("merges"))
    return model.error("a model without \"type\", \"vocab\" and \"merges\" is not supported; supported is BPE",
                       Code::Unsupported);
  return Status::ok();
}

Status checkGrowth(const JsonValue &node, double growth) {
  if (growth <= mostGrowth)
    return Status::ok();
  return node.error("steps that may make text more than " + std::to_string(static_cast<int>(mostGrowth)) +
                        " times longer are not supported",
                    Code::Unsupported);
}

// A special token's text in tokenizer_config.json: a string, or an object with "content".
Result<std::optional<int32_t>> namedToken(const JsonValue &root, std::string_view key, const Vocabulary &vocabulary) {
  std::optional<JsonValue> node = present(root, key);
  if (!node)
    return std::optional<int32_t>();
  std::string_view text;
  if (node->kind() == JsonKind::Object) {
    TENON_ASSIGN(text, stringAt(*node, "content"));
  } else {
    TENON_ASSIGN(text, node->string());
  }
  int32_t id = vocabulary.find(text);
  if (id < 0)
    return invalidAt(*node, "a token of tokenizer.json", quoteForMessage(text));
  return std::optional<int32_t>(id);
}

} // namespace

Status Tokenizer::Parts::parseTokenizer(std::string_view json) {
  TENON_ASSIGN(JsonDocument document, parseJson(json, "tokenizer.json", {mostJsonBytes}));
  JsonValue root = document.root();
  if (std::optional<JsonValue> version = present(root, "version")) {
    TENON_ASSIGN(std::string_view number, version->string());
    if (number != "1.0")
      return version->error("version " + quoteForMessage(number) + " is not supported; supported is \"1.0\"",
                            Code::Unsupported);
  }
  TENON_ASSIGN(JsonValue modelNode, root.member("model"));
  TENON_TRY(modelNode.asObject().status());
  TENON_TRY(checkModelKind(modelNode));
  double growth = 1; // of text on its way to tokens
  // The kinds first, so that what is not supported is said before the vocabulary is read.
  if (std::optional<JsonValue> node = present(root, "normalizer")) {
    TENON_ASSIGN(normalizer, parseNormalizer(*node));
    growth *= normalizer->growth();
    TENON_TRY(checkGrowth(*node, growth));
  }
  if (std::optional<JsonValue> node = present(root, "pre_tokenizer")) {
    TENON_ASSIGN(preTokenizer, parsePreTokenizer(*node));
    growth *= preTokenizer->growth();
    TENON_TRY(checkGrowth(*node, growth));
  }
  if (std::optional<JsonValue> node = present(root, "post_processor")) {
    TENON_ASSIGN(postProcessor, parsePostProcessor(*node));
  }
  if (std::optional<JsonValue> node = present(root, "decoder")) {
    TENON_TRY(parseDecoder(*node, decoders));
    growth = 1;
    for (const std::unique_ptr<Decoder> &decoder : decoders)
      growth *= decoder->growth();
    TENON_TRY(checkGrowth(*node, growth));
  } else {
    decoders = joinWithSpaces();
  }
  TENON_ASSIGN(model, Bpe::parse(modelNode, vocabulary));
  if (std::optional<JsonValue> node = present(root, "added_tokens"))
    TENON_TRY(added.parse(*node, normalizer.get(), vocabulary));
  // One that is an added token alone fails where it is needed, as in the reference: byte-level models never need it,
  // and GPT-2's has the empty text.
  if (std::optional<JsonValue> unknown = present(modelNode, "unk_token")) {
    TENON_ASSIGN(std::string_view name, unknown->string());
    if (!name.empty() && vocabulary.find(name) < 0)
      return invalidAt(*unknown, "a token of the vocabulary or of added_tokens", quoteForMessage(name));
  }
  if (postProcessor)
    TENON_TRY(postProcessor->check(vocabulary));
  if (vocabulary.size() == 0)
    return invalidAt(modelNode, "a vocabulary with at least one token", "none");
  return Status::ok();
}

Status Tokenizer::Parts::parseConfig(std::string_view json) {
  TENON_ASSIGN(JsonDocument document, parseJson(json, "tokenizer_config.json"));
  JsonValue root = document.root();
  TENON_TRY(root.asObject().status());
  TENON_ASSIGN(bos, namedToken(root, "bos_token", vocabulary));
  TENON_ASSIGN(eos, namedToken(root, "eos_token", vocabulary));
  // transformers' Llama class replaces the post-processor by these two switches; only what the file states is followed.
  std::optional<JsonValue> type = present(root, "tokenizer_class");
  bool isLlama = type && type->kind() == JsonKind::String &&
                 (*type->string() == "LlamaTokenizer" || *type->string() == "LlamaTokenizerFast");
  if (!isLlama || !present(root, "add_bos_token") || !present(root, "add_eos_token"))
    return Status::ok();
  TENON_ASSIGN(bool addBos, booleanAt(root, "add_bos_token"));
  TENON_ASSIGN(bool addEos, booleanAt(root, "add_eos_token"));
  if (addBos && !bos)
    return invalidAt(root, "a bos_token, because add_bos_token is true", "none");
  if (addEos && !eos)
    return invalidAt(root, "an eos_token, because add_eos_token is true", "none");
  std::vector<int32_t> before, after;
  if (addBos)
    before.push_back(*bos);
  if (addEos)
    after.push_back(*eos);
  postProcessor = surroundWith(std::move(before), std::move(after));
  return Status::ok();
}

} // namespace tenon::text
