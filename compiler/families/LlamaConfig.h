// The numbers that define a Llama-family model, read from config.json and checked.
//
// Llama 1, 2 and 3 and what shares their code: Yi, TinyLlama and SmolLM (model_type "llama"), and Mistral ("mistral",
// whose default values differ). The caller has looked at model_type and chosen this family.
#pragma once

#include "compiler/families/RopeParameters.h"
#include "compiler/import/ConfigReader.h"
#include "compiler/import/TensorType.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

enum class Activation { Silu, Gelu, GeluTanh, Relu };

struct LlamaConfig {
  std::string modelType;                  // "llama" or "mistral"
  std::vector<std::string> architectures; // may be empty

  // Shapes. Query is [heads * headDim, hidden], key and value are [kvHeads * headDim, hidden]; kvHeads divides heads;
  // headDim is even. Every product of two of them fits an int64_t many times over.
  int64_t hidden = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, intermediate = 0, vocab = 0;
  int64_t maxPositions = 0;
  // Tokens a row may attend to, itself included; empty where attention sees everything. See checkContext.
  std::optional<int64_t> slidingWindow;

  double rmsEps = 0;
  Activation activation = Activation::Silu;
  bool attentionBias = false; // q, k, v and o projections
  bool mlpBias = false;       // gate, up and down projections
  bool tieEmbeddings = false; // the head is the embedding table
  RopeParameters rope;

  std::optional<TensorType> dtype; // what the config says the weights are; the checkpoint itself decides
  std::vector<int64_t> bosIds, eosIds;
};

// Takes every key and finishes the reader. InvalidFile: missing, mistyped, out of range or contradictory. Unsupported:
// a kind that Tenon does not know, or a key that might change the numbers.
Result<LlamaConfig> readLlamaConfig(ConfigReader &config);

// Whether an engine for sequences of up to `maxContext` tokens computes what the model does: a window shorter than that
// would need attention that forgets. Unsupported, naming the largest context that works.
Status checkContext(const LlamaConfig &config, int64_t maxContext);

} // namespace tenon
