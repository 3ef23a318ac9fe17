#include "compiler/import/GgufVocabulary.h"

#include "compiler/import/GgufMerges.h"
#include "compiler/import/GgufPreTokenizer.h"
#include "compiler/import/JsonText.h"
#include "runtime/base/Json.h"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace {

// ggml's llama_token_type.
enum TokenType : int64_t { Undefined, Normal, Unknown, Control, UserDefined, Unused, Byte };

constexpr std::string_view kSpace = "\xE2\x96\x81"; // SentencePiece's space, U+2581

constexpr std::string_view kHarmless[] = {
    "tokenizer.chat_template.", // templates for other uses than conversation
    "tokenizer.chat_templates",
    "tokenizer.ggml.add_sep_token", // classifiers and embedders
    "tokenizer.ggml.cls_token_id",
    "tokenizer.ggml.fim_mid_token_id", // fill-in-the-middle: for who builds such prompts
    "tokenizer.ggml.fim_pad_token_id", "tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.fim_rep_token_id",
    "tokenizer.ggml.fim_sep_token_id", "tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.mask_token_id",
    "tokenizer.ggml.middle_token_id",  "tokenizer.ggml.prefix_token_id",  "tokenizer.ggml.seperator_token_id",
    "tokenizer.ggml.suffix_token_id",  "tokenizer.ggml.token_type_count",
    "tokenizer.huggingface.json", // the same tokenizer once more
};

// A file has one end token; chat models end a turn with another, which is known by its text alone.
constexpr std::string_view kEndsOfTurn[] = {"<|eot_id|>",      "<|eom_id|>",    "<|im_end|>",
                                            "<|end_of_text|>", "<|endoftext|>", "<end_of_turn>"};

class Reader {
public:
  Reader(GgufMetadata &metadata, int64_t vocab) : metadata_(metadata), vocab_(vocab) {}

  Result<GgufVocabulary> read() {
    TENON_ASSIGN(const auto model, metadata_.string("tokenizer.ggml.model"));
    if (!model || *model == "none" || *model == "no_vocab")
      return GgufVocabulary();
    if (*model != "gpt2" && *model != "llama")
      return metadata_.mismatch("tokenizer.ggml.model", "a vocabulary that Tenon knows, gpt2 or llama",
                                Code::Unsupported);
    TENON_TRY(readTokens());
    TENON_TRY(readIds());
    const bool bytes = *model == "gpt2";
    TENON_ASSIGN(const Parts parts, bytes ? readByteLevel() : readSentencePiece());
    TENON_TRY(readSurroundings(parts));
    TENON_TRY(readTemplate());
    TENON_TRY(metadata_.finish("tokenizer.", kHarmless));
    out_.tokenizer = R"({"version":"1.0","added_tokens":[)" + addedTokens() + R"(],"normalizer":)" + parts.normalizer +
                     R"(,"pre_tokenizer":)" + parts.preTokenizer + R"(,"post_processor":)" + postProcessor_ +
                     R"(,"decoder":)" + parts.decoder + R"(,"model":{"type":"BPE",)" + parts.modelOptions +
                     R"(,"vocab":{)" + vocabulary() + R"(},"merges":[)" + merges_ + "]}}";
    out_.tokenizerConfig = "{" + config_ + "}";
    return std::move(out_);
  }

private:
  struct Parts {
    std::string normalizer = "null", preTokenizer = "null", decoder, modelOptions;
    bool addBos = false; // unless the file says otherwise
  };

  Status readTokens() {
    constexpr std::string_view kTokens = "tokenizer.ggml.tokens", kTypes = "tokenizer.ggml.token_type";
    TENON_ASSIGN(auto tokens, metadata_.strings(kTokens));
    if (!tokens)
      return metadata_.missing(kTokens, "an array of strings");
    tokens_ = std::move(*tokens);
    if (static_cast<int64_t>(tokens_.size()) != vocab_)
      return metadata_.mismatch(kTokens, std::to_string(vocab_) + " tokens, the rows of token_embd.weight");
    TENON_ASSIGN(auto types, metadata_.integers(kTypes));
    typed_ = types.has_value();
    types_ = typed_ ? std::move(*types) : std::vector<int64_t>(tokens_.size(), Normal);
    if (types_.size() != tokens_.size())
      return metadata_.mismatch(kTypes, "as many as there are tokens, " + std::to_string(tokens_.size()));
    for (int64_t type : types_)
      if (type < Undefined || type > Byte)
        return metadata_.mismatch(kTypes, "numbers from 0 to 6, not " + std::to_string(type));
    return Status::ok();
  }

  Result<std::optional<size_t>> id(std::string_view name) {
    const std::string key = "tokenizer.ggml." + std::string(name) + "_token_id";
    // An id of -1, or its bits read as unsigned, is how some writers say that there is none.
    TENON_ASSIGN(const auto value, metadata_.integer(key, -1, UINT32_MAX));
    if (!value || *value == -1 || *value == UINT32_MAX)
      return std::optional<size_t>();
    if (*value >= vocab_)
      return metadata_.mismatch(key, "an id below the number of tokens, " + std::to_string(vocab_));
    if (!typed_)
      types_[static_cast<size_t>(*value)] = Control;
    return std::optional(static_cast<size_t>(*value));
  }

  Status readIds() {
    TENON_ASSIGN(bos_, id("bos"));
    TENON_ASSIGN(eos_, id("eos"));
    TENON_ASSIGN(unknown_, id("unknown"));
    TENON_ASSIGN(const auto padding, id("padding"));
    TENON_ASSIGN(const auto endOfTurn, id("eot"));
    TENON_ASSIGN(const auto endOfMessage, id("eom"));
    Generation &generation = out_.generation;
    if (bos_)
      generation.bosIds.push_back(static_cast<int64_t>(*bos_));
    if (padding)
      generation.padIds.push_back(static_cast<int64_t>(*padding));
    auto addEnd = [&](size_t id) {
      if (std::find(generation.eosIds.begin(), generation.eosIds.end(), static_cast<int64_t>(id)) ==
          generation.eosIds.end())
        generation.eosIds.push_back(static_cast<int64_t>(id));
    };
    for (const auto &end : {eos_, endOfTurn, endOfMessage})
      if (end)
        addEnd(*end);
    for (size_t i = 0; i < tokens_.size(); ++i)
      if (types_[i] == Control &&
          std::find(std::begin(kEndsOfTurn), std::end(kEndsOfTurn), tokens_[i]) != std::end(kEndsOfTurn))
        addEnd(i);
    return Status::ok();
  }

  Result<Parts> readByteLevel() {
    TENON_ASSIGN(const auto name, metadata_.string("tokenizer.ggml.pre"));
    const auto rule = name ? ggufPreTokenizer(*name) : std::nullopt;
    if (!rule) {
      const std::string known = "one of " + ggufPreTokenizerNames();
      return name ? metadata_.mismatch("tokenizer.ggml.pre", known, Code::Unsupported)
                  : Status(Code::Unsupported,
                           metadata_.file() +
                               ": tokenizer.ggml.pre is missing, so that nobody knows how text is cut "
                               "into words; convert the model again. Expected " +
                               known);
    }
    TENON_ASSIGN(const auto merges, metadata_.strings("tokenizer.ggml.merges"));
    if (!merges)
      return metadata_.missing("tokenizer.ggml.merges", "an array of strings such as \"a b\"");
    for (std::string_view merge : *merges) {
      const size_t space = merge.find(' ');
      if (space == std::string_view::npos)
        return metadata_.mismatch("tokenizer.ggml.merges",
                                  "two tokens with a space between them, not " + quoteForMessage(merge));
      addMerge(merge.substr(0, space), merge.substr(space + 1));
    }
    // Scores mean nothing here; the space prefix belongs to the other kind.
    (void)metadata_.take("tokenizer.ggml.scores");
    TENON_ASSIGN(const auto prefix, metadata_.boolean("tokenizer.ggml.add_space_prefix"));
    if (prefix.value_or(false))
      return metadata_.mismatch("tokenizer.ggml.add_space_prefix", "false for a gpt2 vocabulary", Code::Unsupported);
    Parts parts;
    parts.normalizer = rule->normalizer;
    parts.preTokenizer = rule->preTokenizer;
    parts.decoder = R"({"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true})";
    parts.modelOptions = std::string(R"("unk_token":null,"byte_fallback":false,"ignore_merges":)") +
                         (rule->ignoreMerges ? "true" : "false");
    parts.addBos = rule->addBos;
    return parts;
  }

  Result<Parts> readSentencePiece() {
    TENON_ASSIGN(const auto scores, metadata_.floats("tokenizer.ggml.scores"));
    if (!scores)
      return metadata_.missing("tokenizer.ggml.scores", "an array of f32, one for each token");
    if (scores->size() != tokens_.size())
      return metadata_.mismatch("tokenizer.ggml.scores",
                                "as many as there are tokens, " + std::to_string(tokens_.size()));
    std::vector<ScoredToken> scored;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (std::isnan((*scores)[i]))
        return metadata_.mismatch("tokenizer.ggml.scores", "numbers, not NaN");
      scored.push_back({tokens_[i], (*scores)[i], types_[i] == Normal || types_[i] == Undefined});
    }
    for (auto [left, right] : mergesByScore(scored))
      addMerge(tokens_[left], tokens_[right]);
    (void)metadata_.take("tokenizer.ggml.merges"); // some converters write what follows from the scores
    TENON_ASSIGN(const auto pre, metadata_.string("tokenizer.ggml.pre"));
    if (pre && *pre != "default")
      return metadata_.mismatch("tokenizer.ggml.pre", "\"default\" for a llama vocabulary", Code::Unsupported);
    TENON_ASSIGN(const auto squeeze, metadata_.boolean("tokenizer.ggml.remove_extra_whitespaces"));
    if (squeeze.value_or(false))
      return metadata_.mismatch("tokenizer.ggml.remove_extra_whitespaces", "false", Code::Unsupported);
    TENON_ASSIGN(const auto prefix, metadata_.boolean("tokenizer.ggml.add_space_prefix"));

    const std::string space = jsonString(kSpace);
    const std::string replace = R"({"type":"Replace","pattern":{"String":" "},"content":)" + space + "}";
    const std::string fromBytes = R"({"type":"Replace","pattern":{"String":)" + space +
                                  R"(},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"})";
    Parts parts;
    if (prefix.value_or(true)) {
      parts.normalizer =
          R"({"type":"Sequence","normalizers":[{"type":"Prepend","prepend":)" + space + "}," + replace + "]}";
      parts.decoder =
          R"({"type":"Sequence","decoders":[)" + fromBytes + R"(,{"type":"Strip","content":" ","start":1,"stop":0}]})";
    } else {
      parts.normalizer = replace;
      parts.decoder = R"({"type":"Sequence","decoders":[)" + fromBytes + "]}";
    }
    parts.modelOptions = R"("unk_token":)" + (unknown_ ? jsonString(tokens_[*unknown_]) : "null") +
                         R"(,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false)";
    parts.addBos = true;
    return parts;
  }

  void addMerge(std::string_view left, std::string_view right) {
    merges_ += (merges_.empty() ? "[" : ",[") + jsonString(left) + "," + jsonString(right) + "]";
  }

  // What stands before and after every text.
  Status readSurroundings(const Parts &parts) {
    TENON_ASSIGN(const auto addBos, metadata_.boolean("tokenizer.ggml.add_bos_token"));
    TENON_ASSIGN(const auto addEos, metadata_.boolean("tokenizer.ggml.add_eos_token"));
    if (addBos.value_or(false) && !bos_)
      return metadata_.missing("tokenizer.ggml.bos_token_id", "an id, as add_bos_token is true");
    if (addEos.value_or(false) && !eos_)
      return metadata_.missing("tokenizer.ggml.eos_token_id", "an id, as add_eos_token is true");
    const bool before = addBos.value_or(parts.addBos) && bos_, after = addEos.value_or(false);
    if (!before && !after)
      return Status::ok();
    auto special = [&](size_t id) {
      return R"({"SpecialToken":{"id":)" + jsonString(tokens_[id]) + R"(,"type_id":0}})";
    };
    auto entry = [&](size_t id) {
      const std::string text = jsonString(tokens_[id]);
      return text + R"(:{"id":)" + text + R"(,"ids":[)" + std::to_string(id) + R"(],"tokens":[)" + text + "]}";
    };
    std::string entries = before ? entry(*bos_) : "";
    if (after && !(before && *bos_ == *eos_))
      entries += (before ? "," : "") + entry(*eos_);
    postProcessor_ = R"({"type":"TemplateProcessing","single":[)" + (before ? special(*bos_) + "," : "") +
                     R"({"Sequence":{"id":"A","type_id":0}})" + (after ? "," + special(*eos_) : "") +
                     R"(],"pair":[],"special_tokens":{)" + entries + "}}";
    return Status::ok();
  }

  Status readTemplate() {
    TENON_ASSIGN(const auto text, metadata_.string("tokenizer.chat_template"));
    auto add = [&](const char *key, std::string_view value) {
      config_ += (config_.empty() ? "" : ",") + jsonString(key) + ":" + jsonString(value);
    };
    if (bos_)
      add("bos_token", tokens_[*bos_]);
    if (eos_)
      add("eos_token", tokens_[*eos_]);
    if (text)
      add("chat_template", *text);
    return Status::ok();
  }

  bool isAdded(size_t id) const { return types_[id] == Control || types_[id] == Unknown || types_[id] == UserDefined; }

  // Added tokens at the very end are not the model's own: text cannot become them by chance. The reader numbers such
  // tokens by counting, so where an unused one leaves a gap, all are the model's.
  size_t modelTokens() const {
    size_t whole = tokens_.size();
    while (whole > 0 && types_[whole - 1] == Unused)
      --whole;
    size_t end = whole;
    while (end > 0 && isAdded(end - 1))
      --end;
    return std::find(types_.begin(), types_.begin() + static_cast<std::ptrdiff_t>(end), Unused) ==
                   types_.begin() + static_cast<std::ptrdiff_t>(end)
               ? end
               : whole;
  }

  std::string vocabulary() const {
    std::string out;
    for (size_t id = 0, end = modelTokens(); id < end; ++id)
      if (types_[id] != Unused)
        out += (out.empty() ? "" : ",") + jsonString(tokens_[id]) + ":" + std::to_string(id);
    return out;
  }

  std::string addedTokens() const {
    std::string out;
    for (size_t id = 0; id < tokens_.size(); ++id)
      if (isAdded(id))
        out += (out.empty() ? "" : ",") + (R"({"id":)" + std::to_string(id)) + R"(,"content":)" +
               jsonString(tokens_[id]) +
               R"(,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":)" +
               (types_[id] == UserDefined ? "false}" : "true}");
    return out;
  }

  GgufMetadata &metadata_;
  int64_t vocab_;
  bool typed_ = false;
  std::vector<std::string_view> tokens_;
  std::vector<int64_t> types_;
  std::optional<size_t> bos_, eos_, unknown_;
  std::string merges_, postProcessor_ = "null", config_;
  GgufVocabulary out_;
};

} // namespace

Result<GgufVocabulary> readGgufVocabulary(GgufMetadata &metadata, int64_t vocab) {
  return Reader(metadata, vocab).read();
}

} // namespace tenon
