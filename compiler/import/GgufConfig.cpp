#include "compiler/import/GgufConfig.h"

#include "compiler/import/JsonText.h"
#include "runtime/base/Json.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon {
namespace {

constexpr std::string_view kPrefix = "llama.";
constexpr int64_t kMost = int64_t(1) << 30; // the families have narrower limits of their own

// Keys that were looked at and change nothing.
constexpr std::string_view kHarmless[] = {
    "llama.rope.scaling.finetuned", // whether the scaling was trained; the scaling itself has keys of its own
    "llama.tensor_data_layout",     // a remark on the interleaved rows, which all files of this architecture have
};

std::string member(std::string_view key, const std::string &value) { return jsonString(key) + ":" + value; }

class Reader {
public:
  Reader(GgufMetadata &metadata, const GgufHeader &header, std::span<const uint8_t> bytes)
      : metadata_(metadata), header_(header), bytes_(bytes) {}

  Result<GgufConfig> read() {
    TENON_TRY(checkWhole());
    TENON_TRY(readSizes());
    TENON_TRY(readAttention());
    TENON_TRY(readVocabulary());
    TENON_TRY(readRope());
    TENON_ASSIGN(const auto eps, metadata_.real("llama.attention.layer_norm_rms_epsilon", 1e-30, 1));
    if (!eps)
      return metadata_.missing("llama.attention.layer_norm_rms_epsilon", "a number (f32)");
    add("rms_norm_eps", jsonNumber(*eps));
    add("attention_bias", has({"attn_q.bias", "attn_k.bias", "attn_v.bias", "attn_output.bias"}) ? "true" : "false");
    add("mlp_bias", has({"ffn_gate.bias", "ffn_up.bias", "ffn_down.bias"}) ? "true" : "false");
    add("tie_word_embeddings", tensor("output.weight") ? "false" : "true");
    TENON_TRY(checkNeutral());
    TENON_TRY(metadata_.finish(kPrefix, kHarmless));
    out_.json = "{" + members_ + "}";
    return std::move(out_);
  }

private:
  void add(std::string_view key, const std::string &value) {
    members_ += (members_.empty() ? "" : ",") + member(key, value);
  }

  const GgufTensor *tensor(std::string_view name) const {
    auto at = std::find_if(header_.tensors.begin(), header_.tensors.end(),
                           [&](const GgufTensor &candidate) { return candidate.name == name; });
    return at == header_.tensors.end() ? nullptr : &*at;
  }
  // Whether the first layer has any of these.
  bool has(std::initializer_list<std::string_view> names) const {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return tensor("blk.0." + std::string(name)) != nullptr; });
  }

  Result<int64_t> required(const std::string &key) {
    TENON_ASSIGN(const auto value, metadata_.integer(key, 1, kMost));
    if (!value)
      return metadata_.missing(key, "a whole number");
    return *value;
  }

  // A whole Llama model, not a part of one or something that belongs to one.
  Status checkWhole() {
    TENON_ASSIGN(const auto architecture, metadata_.string("general.architecture"));
    if (!architecture)
      return metadata_.missing("general.architecture", "\"llama\"");
    if (*architecture != "llama")
      return metadata_.mismatch("general.architecture", "a model that Tenon knows, \"llama\"", Code::Unsupported);
    TENON_ASSIGN(const auto type, metadata_.string("general.type"));
    if (type && *type != "model")
      return metadata_.mismatch("general.type", "\"model\"", Code::Unsupported);
    TENON_ASSIGN(const auto parts, metadata_.integer("split.count", 0, kMost));
    if (parts && *parts > 1)
      return metadata_.mismatch("split.count", "a whole model; join its files with llama-gguf-split --merge",
                                Code::Unsupported);
    TENON_ASSIGN(const auto blocks, metadata_.integer("general.quantization_version", 0, kMost));
    if (blocks && *blocks != 2)
      return metadata_.mismatch("general.quantization_version", "2", Code::Unsupported);
    return Status::ok();
  }

  Status readSizes() {
    TENON_ASSIGN(hidden_, required("llama.embedding_length"));
    TENON_ASSIGN(const int64_t layers, required("llama.block_count"));
    TENON_ASSIGN(context_, required("llama.context_length"));
    TENON_ASSIGN(const auto window, metadata_.integer("llama.attention.sliding_window", 0, kMost));
    const bool windowed = window.value_or(0) > 0;
    add("model_type", windowed ? "\"mistral\"" : "\"llama\"");
    if (windowed)
      add("sliding_window", std::to_string(*window));
    add("hidden_size", std::to_string(hidden_));
    add("num_hidden_layers", std::to_string(layers));
    add("max_position_embeddings", std::to_string(context_));
    TENON_ASSIGN(const int64_t inner, alike("llama.feed_forward_length", std::nullopt));
    add("intermediate_size", std::to_string(inner));
    return Status::ok();
  }

  // A number that a file may also give layer by layer, which is not read.
  Result<int64_t> alike(const std::string &key, std::optional<int64_t> fallback) {
    const GgufEntry *entry = metadata_.take(key);
    if (!entry && fallback)
      return *fallback;
    if (entry && entry->isArray)
      return metadata_.mismatch(key, "one number for all layers", Code::Unsupported);
    return required(key);
  }

  Status readAttention() {
    TENON_ASSIGN(out_.heads, alike("llama.attention.head_count", std::nullopt));
    TENON_ASSIGN(out_.kvHeads, alike("llama.attention.head_count_kv", out_.heads));
    TENON_ASSIGN(const auto key, metadata_.integer("llama.attention.key_length", 1, kMost));
    TENON_ASSIGN(const auto value, metadata_.integer("llama.attention.value_length", 1, kMost));
    if (!key && hidden_ % out_.heads != 0)
      return metadata_.mismatch("llama.embedding_length", "a multiple of llama.attention.head_count, " +
                                                              std::to_string(out_.heads) +
                                                              ", as there is no llama.attention.key_length");
    headDim_ = key.value_or(hidden_ / out_.heads);
    if (value && *value != headDim_)
      return metadata_.mismatch("llama.attention.value_length", "the size of a key head, " + std::to_string(headDim_),
                                Code::Unsupported);
    add("num_attention_heads", std::to_string(out_.heads));
    add("num_key_value_heads", std::to_string(out_.kvHeads));
    add("head_dim", std::to_string(headDim_));
    return Status::ok();
  }

  // The embedding decides; the other two places must agree with it.
  Status readVocabulary() {
    const GgufTensor *embedding = tensor("token_embd.weight");
    if (!embedding || embedding->rank != 2)
      return Status(Code::InvalidFile, metadata_.file() + ": token_embd.weight " +
                                           (embedding ? "is not a matrix" : "is missing") +
                                           ", expected the embedding table, [" + std::to_string(hidden_) +
                                           ", vocabulary] innermost first");
    out_.vocab = embedding->sizes[1];
    TENON_ASSIGN(const auto stated, metadata_.integer("llama.vocab_size", 1, kMost));
    if (stated && *stated != out_.vocab)
      return metadata_.mismatch("llama.vocab_size", "the rows of token_embd.weight, " + std::to_string(out_.vocab));
    add("vocab_size", std::to_string(out_.vocab));
    return Status::ok();
  }

  Status readRope() {
    TENON_ASSIGN(const auto theta, metadata_.real("llama.rope.freq_base", 1, 1e12));
    if (theta)
      add("rope_theta", jsonNumber(*theta));
    TENON_ASSIGN(const auto turned, metadata_.integer("llama.rope.dimension_count", 0, kMost));
    if (turned && *turned != headDim_)
      return metadata_.mismatch("llama.rope.dimension_count",
                                "the size of a head, " + std::to_string(headDim_) +
                                    " (rotating part of each head is not known)",
                                Code::Unsupported);
    TENON_ASSIGN(const std::string scaling, scalingSection());
    TENON_ASSIGN(const std::string factors, factorSection());
    if (!scaling.empty() && !factors.empty())
      return metadata_.mismatch("llama.rope.scaling.factor", "no scaling beside the factors of rope_freqs.weight",
                                Code::Unsupported);
    if (!scaling.empty() || !factors.empty())
      add("rope_scaling", scaling + factors);
    return Status::ok();
  }

  // llama.rope.scaling.*, empty where they stretch nothing. As in llama.cpp: without a type a factor means linear, and
  // a factor of 0 means none.
  Result<std::string> scalingSection() {
    TENON_ASSIGN(const auto type, metadata_.string("llama.rope.scaling.type"));
    TENON_ASSIGN(auto factor, metadata_.real("llama.rope.scaling.factor", 0, 1e6));
    TENON_ASSIGN(const auto older, metadata_.real("llama.rope.scale_linear", 0, 1e6));
    TENON_ASSIGN(const auto trained, metadata_.integer("llama.rope.scaling.original_context_length", 0, kMost));
    const std::string_view kind = type.value_or("linear");
    if (!factor || *factor == 0)
      factor = older;
    const double stretch = factor.value_or(0) == 0 ? 1 : *factor;
    if (kind == "none" || (kind == "linear" && stretch == 1))
      return std::string();
    if (kind == "linear")
      return "{" + member("rope_type", "\"linear\"") + "," + member("factor", jsonNumber(stretch)) + "}";
    if (kind != "yarn")
      return metadata_.mismatch("llama.rope.scaling.type", "one of none, linear, yarn", Code::Unsupported);
    std::string section =
        "{" + member("rope_type", "\"yarn\"") + "," + member("factor", jsonNumber(stretch)) + "," +
        member("original_max_position_embeddings", std::to_string(trained.value_or(0) ? *trained : context_));
    for (auto [key, name] : {std::pair("llama.rope.scaling.yarn_beta_fast", "beta_fast"),
                             std::pair("llama.rope.scaling.yarn_beta_slow", "beta_slow")}) {
      TENON_ASSIGN(const auto beta, metadata_.real(key, 1e-6, 1e6));
      if (beta)
        section += "," + member(name, jsonNumber(*beta));
    }
    return section + "}";
  }

  // rope_freqs.weight: what each frequency is divided by, whatever the length.
  Result<std::string> factorSection() {
    const GgufTensor *freqs = tensor("rope_freqs.weight");
    if (!freqs)
      return std::string();
    auto wrong = [&](const std::string &what) {
      return Status(Code::InvalidFile,
                    metadata_.file() + ": byte " + std::to_string(freqs->at) + ": rope_freqs.weight: expected " + what);
    };
    if (freqs->type != TensorType::F32 || freqs->rank != 1 || freqs->sizes[0] != headDim_ / 2)
      return wrong(std::to_string(headDim_ / 2) + " numbers of type F32 (half the size of a head), got " +
                   std::to_string(freqs->bytes) + " bytes of " + std::string(name(freqs->type)));
    std::string list;
    for (int64_t i = 0; i < freqs->sizes[0]; ++i) {
      float factor;
      std::memcpy(&factor, bytes_.data() + freqs->offset + 4 * static_cast<uint64_t>(i), 4);
      if (!(factor > 0) || !std::isfinite(factor))
        return wrong("positive numbers, got " + std::to_string(factor) + " at " + std::to_string(i));
      list += (i ? "," : "") + jsonNumber(static_cast<double>(factor));
    }
    return "{" + member("rope_type", "\"longrope\"") + "," + member("short_factor", "[" + list + "]") + "," +
           member("long_factor", "[" + list + "]") + "," + member("attention_factor", "1") + "," +
           member("original_max_position_embeddings", std::to_string(context_)) + "}";
  }

  // Keys of the architecture that have a meaning of their own unless they say the usual.
  Status checkNeutral() {
    for (const char *key : {"llama.expert_count", "llama.expert_used_count", "llama.leading_dense_block_count"}) {
      TENON_ASSIGN(const auto value, metadata_.integer(key, 0, kMost));
      if (value.value_or(0) != 0)
        return metadata_.mismatch(key, "0: mixtures of experts are not known", Code::Unsupported);
    }
    for (const char *key :
         {"llama.logit_scale", "llama.residual_scale", "llama.embedding_scale", "llama.rope.scaling.attn_factor",
          "llama.rope.scaling.yarn_attn_factor", "llama.rope.scaling.yarn_ext_factor"}) {
      TENON_ASSIGN(const auto value, metadata_.real(key, -1e9, 1e9));
      if (value.value_or(1) != 1)
        return metadata_.mismatch(key, "1", Code::Unsupported);
    }
    TENON_ASSIGN(const auto causal, metadata_.boolean("llama.attention.causal"));
    if (!causal.value_or(true))
      return metadata_.mismatch("llama.attention.causal", "true", Code::Unsupported);
    TENON_ASSIGN(const auto parallel, metadata_.boolean("llama.use_parallel_residual"));
    if (parallel.value_or(false))
      return metadata_.mismatch("llama.use_parallel_residual", "false", Code::Unsupported);
    return Status::ok();
  }

  GgufMetadata &metadata_;
  const GgufHeader &header_;
  std::span<const uint8_t> bytes_;
  std::string members_;
  int64_t hidden_ = 0, context_ = 0, headDim_ = 0;
  GgufConfig out_;
};

} // namespace

Result<GgufConfig> readGgufConfig(GgufMetadata &metadata, const GgufHeader &header, std::span<const uint8_t> bytes) {
  return Reader(metadata, header, bytes).read();
}

} // namespace tenon
