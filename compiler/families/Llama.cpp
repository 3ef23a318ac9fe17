// Llama: a pre-norm decoder with rotary grouped-query attention and a gated MLP. Llama 1, 2 and 3; also Yi, TinyLlama
// and SmolLM (which are Llama in all but name) and Mistral as long as its window covers the context.
#include "compiler/families/Llama.h"
#include "compiler/families/Decoder.h"
#include "compiler/families/LlamaConfig.h"

using namespace mlir;
using namespace tenon;

static constexpr Size kVector[] = {Size::Hidden};
static constexpr Size kTable[] = {Size::Vocab, Size::Hidden};
static constexpr Size kQuery[] = {Size::Queries, Size::Hidden};
static constexpr Size kKeyValue[] = {Size::KeyValues, Size::Hidden};
static constexpr Size kOutput[] = {Size::Hidden, Size::Queries};
static constexpr Size kUp[] = {Size::Intermediate, Size::Hidden};
static constexpr Size kDown[] = {Size::Hidden, Size::Intermediate};

static constexpr WeightRow kWeights[] = {
    // role      checkpoint name                                   shape
    {"embed", "model.embed_tokens", kTable},
    {"norm", "model.norm", kVector},
    {"lm_head", "lm_head", kTable, Bias::None, "embed"},
    {"attn_norm", "model.layers.{i}.input_layernorm", kVector},
    {"q", "model.layers.{i}.self_attn.q_proj", kQuery, Bias::Attention},
    {"k", "model.layers.{i}.self_attn.k_proj", kKeyValue, Bias::Attention},
    {"v", "model.layers.{i}.self_attn.v_proj", kKeyValue, Bias::Attention},
    {"o", "model.layers.{i}.self_attn.o_proj", kOutput, Bias::Attention},
    {"mlp_norm", "model.layers.{i}.post_attention_layernorm", kVector},
    {"gate", "model.layers.{i}.mlp.gate_proj", kUp, Bias::Mlp},
    {"up", "model.layers.{i}.mlp.up_proj", kUp, Bias::Mlp},
    {"down", "model.layers.{i}.mlp.down_proj", kDown, Bias::Mlp},
};

// Old checkpoints store the rotary frequencies, which follow from the config.
static constexpr StringLiteral kHarmless[] = {".rotary_emb.inv_freq"};

static model::ActivationKind kindOf(Activation activation) {
  switch (activation) {
  case Activation::Silu:
    return model::ActivationKind::silu;
  case Activation::Gelu:
    return model::ActivationKind::gelu;
  case Activation::GeluTanh:
    return model::ActivationKind::gelu_tanh;
  case Activation::Relu:
    return model::ActivationKind::relu;
  }
  llvm_unreachable("an activation that the config reader does not make");
}

static Value buildLayer(LayerBuilder b, const LlamaConfig &config, Value x) {
  Value h = b.rmsNorm(x, "attn_norm", config.rmsEps);
  Value q = b.linear(h, "q"), k = b.linear(h, "k"), v = b.linear(h, "v");
  x = b.add(x, b.linear(b.attention(b.rope(q), b.rope(k), v), "o"));
  h = b.rmsNorm(x, "mlp_norm", config.rmsEps);
  Value gate = b.activation(kindOf(config.activation), b.linear(h, "gate"));
  return b.add(x, b.linear(b.mul(gate, b.linear(h, "up")), "down"));
}

namespace {
class Llama : public FamilyModel {
public:
  explicit Llama(LlamaConfig config) : config_(std::move(config)) {
    facts_.family = "llama";
    facts_.modelType = config_.modelType;
    facts_.vocab = config_.vocab;
    facts_.hidden = config_.hidden;
    facts_.layers = config_.layers;
    facts_.heads = config_.heads;
    facts_.maxPositions = config_.maxPositions;
    facts_.contextLimit = std::min(config_.maxPositions, config_.slidingWindow.value_or(config_.maxPositions));
    facts_.parameters = countParameters(kWeights, sizes(), switches());
    facts_.dtype = config_.dtype;
    facts_.bosIds = config_.bosIds;
    facts_.eosIds = config_.eosIds;
  }
  const ModelFacts &facts() const override { return facts_; }

  Result<OwningOpRef<ModuleOp>> buildFrom(MLIRContext &context, TensorSource &tensors,
                                          const BuildOptions &options) const override {
    TENON_TRY(checkContext(config_, options.maxContext));
    Decoder decoder;
    decoder.weights = kWeights;
    decoder.sizes = sizes();
    decoder.switches = switches();
    decoder.rope = config_.rope;
    decoder.harmlessTensors = kHarmless;
    decoder.body = [&](LayerBuilder &b, Value tokens) {
      Value x = b.embedding(tokens, "embed");
      for (int64_t i = 0; i < config_.layers; ++i)
        x = buildLayer(b.layer(i), config_, x);
      return x;
    };
    decoder.head = [&](LayerBuilder &b, Value hidden, Value rows) {
      return b.linear(b.rmsNorm(b.selectRows(hidden, rows), "norm", config_.rmsEps), "lm_head");
    };
    return buildDecoder(decoder, context, tensors, options);
  }

private:
  ModelSizes sizes() const {
    return {config_.vocab,   config_.hidden,       config_.heads, config_.kvHeads,
            config_.headDim, config_.intermediate, config_.layers};
  }
  WeightSwitches switches() const { return {config_.attentionBias, config_.mlpBias, config_.tieEmbeddings}; }

  LlamaConfig config_;
  ModelFacts facts_;
};
} // namespace

Result<std::unique_ptr<FamilyModel>> tenon::readLlama(ConfigReader &reader) {
  TENON_ASSIGN(LlamaConfig config, readLlamaConfig(reader));
  return std::unique_ptr<FamilyModel>(new Llama(std::move(config)));
}
