#include "compiler/families/LlamaConfig.h"

namespace tenon {
namespace {

// Caps are far above any published model and low enough that no product of sizes overflows.
constexpr int64_t kMaxHidden = int64_t(1) << 20;
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxHeads = 1 << 16;
constexpr int64_t kMaxHeadDim = 1 << 13;
constexpr int64_t kMaxIntermediate = int64_t(1) << 24;
constexpr int64_t kMaxVocab = int64_t(1) << 24;
constexpr int64_t kMaxPositions = int64_t(1) << 30;

constexpr struct {
  std::string_view name;
  Activation activation;
} kActivations[] = {{"silu", Activation::Silu},
                    {"swish", Activation::Silu},
                    {"gelu", Activation::Gelu},
                    {"gelu_new", Activation::GeluTanh},
                    {"gelu_pytorch_tanh", Activation::GeluTanh},
                    {"relu", Activation::Relu}};

constexpr int64_t kMistralWindow = 4096; // what a Mistral config without the key means

Result<Activation> readActivation(ConfigReader &config) {
  TENON_ASSIGN(std::string name, config.stringOr("hidden_act", "silu"));
  for (auto &known : kActivations)
    if (known.name == name)
      return known.activation;
  return config.mismatch("hidden_act", "one of silu, gelu, gelu_new, gelu_pytorch_tanh, relu", Code::Unsupported);
}

Status readArchitectures(ConfigReader &config, std::vector<std::string> &architectures) {
  auto value = config.take("architectures");
  if (!value)
    return Status::ok();
  TENON_ASSIGN(JsonElements elements, value->asArray());
  for (JsonValue element : elements) {
    TENON_ASSIGN(std::string_view name, element.string());
    if (!name.ends_with("ForCausalLM"))
      return element.mismatch("a ...ForCausalLM architecture, which ends in token logits", Code::Unsupported);
    if (architectures.size() == 16)
      return value->error("expected at most 16 architectures");
    architectures.emplace_back(name);
  }
  return Status::ok();
}

Status readShapes(ConfigReader &config, LlamaConfig &out) {
  TENON_ASSIGN(out.hidden, config.integer("hidden_size", 1, kMaxHidden));
  TENON_ASSIGN(out.layers, config.integer("num_hidden_layers", 1, kMaxLayers));
  TENON_ASSIGN(out.heads, config.integer("num_attention_heads", 1, kMaxHeads));
  TENON_ASSIGN(out.intermediate, config.integer("intermediate_size", 1, kMaxIntermediate));
  TENON_ASSIGN(out.vocab, config.integer("vocab_size", 1, kMaxVocab));
  TENON_ASSIGN(out.maxPositions, config.integer("max_position_embeddings", 1, kMaxPositions));

  // Llama 1 and 2 configs have no num_key_value_heads: one per query head. Mistral's class has another default, which
  // no published config relies on.
  if (out.modelType == "mistral") {
    TENON_ASSIGN(out.kvHeads, config.integer("num_key_value_heads", 1, kMaxHeads));
  } else {
    TENON_ASSIGN(out.kvHeads, config.integerOr("num_key_value_heads", 1, kMaxHeads, out.heads));
  }
  if (out.heads % out.kvHeads != 0)
    return config.mismatch("num_key_value_heads", "a divisor of num_attention_heads, " + std::to_string(out.heads));

  TENON_ASSIGN(out.headDim, config.integerOr("head_dim", 1, kMaxHeadDim, 0));
  if (out.headDim == 0) {
    if (out.hidden % out.heads != 0)
      return config.mismatch("hidden_size", "a multiple of num_attention_heads, " + std::to_string(out.heads) +
                                                ", as there is no head_dim");
    out.headDim = out.hidden / out.heads;
    if (out.headDim > kMaxHeadDim || out.headDim % 2 != 0)
      return config.mismatch("hidden_size", "num_attention_heads (" + std::to_string(out.heads) +
                                                ") times an even head size of at most " + std::to_string(kMaxHeadDim));
  }
  if (out.headDim % 2 != 0)
    return config.mismatch("head_dim", "an even number: rotary embedding turns pairs");
  if (out.heads * out.headDim > 4 * kMaxHidden)
    return config.contradiction("num_attention_heads times the head size is " +
                                std::to_string(out.heads * out.headDim) + ", expected at most " +
                                std::to_string(4 * kMaxHidden));
  return Status::ok();
}

// transformers 4 writes torch_dtype, 5 writes dtype.
Status readDtype(ConfigReader &config, std::optional<TensorType> &dtype) {
  for (std::string_view key : {"torch_dtype", "dtype"}) {
    TENON_ASSIGN(std::string name, config.stringOr(key, ""));
    if (name.empty())
      continue;
    std::optional<TensorType> type = name == "bfloat16"  ? std::optional(TensorType::BF16)
                                     : name == "float16" ? std::optional(TensorType::F16)
                                     : name == "float32" ? std::optional(TensorType::F32)
                                                         : std::nullopt;
    if (!type)
      return config.mismatch(key, "one of bfloat16, float16, float32", Code::Unsupported);
    if (dtype && *dtype != *type)
      return config.mismatch(key, "the same type as torch_dtype");
    dtype = type;
  }
  return Status::ok();
}

// The window, and the list of layer kinds that newer configs write beside it.
Status readWindow(ConfigReader &config, LlamaConfig &out) {
  if (out.modelType == "mistral") {
    TENON_ASSIGN(int64_t window, config.integerOr("sliding_window", 1, kMaxPositions, 0));
    if (window != 0)
      out.slidingWindow = window;
    else if (!config.present("sliding_window"))
      out.slidingWindow = kMistralWindow;
  }
  auto kinds = config.take("layer_types");
  if (!kinds)
    return Status::ok();
  TENON_ASSIGN(JsonElements elements, kinds->asArray());
  int64_t count = 0;
  for (JsonValue element : elements) {
    TENON_ASSIGN(std::string_view kind, element.string());
    if (kind != "full_attention")
      return element.mismatch("\"full_attention\"", Code::Unsupported);
    ++count;
  }
  if (count != out.layers)
    return kinds->error("expected " + std::to_string(out.layers) + " entries (num_hidden_layers), got " +
                        std::to_string(count));
  return Status::ok();
}

} // namespace

Result<LlamaConfig> readLlamaConfig(ConfigReader &config) {
  LlamaConfig out;
  TENON_ASSIGN(out.modelType, config.string("model_type"));
  if (out.modelType != "llama" && out.modelType != "mistral")
    return config.mismatch("model_type", "llama or mistral", Code::Unsupported);
  TENON_TRY(readArchitectures(config, out.architectures));
  TENON_TRY(readShapes(config, out));
  TENON_TRY(readWindow(config, out));
  TENON_ASSIGN(out.rmsEps, config.real("rms_norm_eps", 1e-30, 1.0));
  TENON_ASSIGN(out.activation, readActivation(config));
  TENON_ASSIGN(out.attentionBias, config.booleanOr("attention_bias", false));
  TENON_ASSIGN(out.mlpBias, config.booleanOr("mlp_bias", false));
  TENON_ASSIGN(out.tieEmbeddings, config.booleanOr("tie_word_embeddings", false));
  TENON_ASSIGN(out.rope, readRope(config, out.maxPositions));
  if (out.rope.kind == RopeKind::LongRope && static_cast<int64_t>(out.rope.shortFactors.size()) != out.headDim / 2)
    return config.contradiction("the rotary embedding has " + std::to_string(out.rope.shortFactors.size()) +
                                " factors (short_factor), expected half the size of a head, " +
                                std::to_string(out.headDim / 2));
  TENON_TRY(readDtype(config, out.dtype));
  TENON_ASSIGN(out.bosIds, config.tokenIds("bos_token_id", out.vocab));
  TENON_ASSIGN(out.eosIds, config.tokenIds("eos_token_id", out.vocab));
  TENON_TRY(config.finish());
  return out;
}

Status checkContext(const LlamaConfig &config, int64_t maxContext) {
  if (!config.slidingWindow || maxContext <= *config.slidingWindow)
    return Status::ok();
  return Status(Code::Unsupported, "the model attends to the last " + std::to_string(*config.slidingWindow) +
                                       " tokens only (sliding_window) and Tenon has no such attention: a context of " +
                                       std::to_string(maxContext) + " was asked for, expected at most " +
                                       std::to_string(*config.slidingWindow));
}

} // namespace tenon
