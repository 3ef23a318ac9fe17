#include "compiler/import/GgufTensors.h"

#include <algorithm>

namespace tenon {
namespace {

struct Names {
  std::string_view gguf, model;
};

constexpr Names kOuter[] = {{"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}};
constexpr Names kLayer[] = {
    {"attn_norm", "input_layernorm"}, {"attn_q", "self_attn.q_proj"},      {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},   {"attn_output", "self_attn.o_proj"}, {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},    {"ffn_up", "mlp.up_proj"},           {"ffn_down", "mlp.down_proj"},
};

// A layer's number as ggml writes it: no sign, no leading zero.
bool isLayerNumber(std::string_view text) {
  return !text.empty() && text.size() <= 6 && (text.size() == 1 || text[0] != '0') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string_view> find(std::span<const Names> table, std::string_view gguf) {
  for (const Names &names : table)
    if (names.gguf == gguf)
      return names.model;
  return std::nullopt;
}

} // namespace

std::optional<std::string> modelTensorName(std::string_view gguf) {
  const size_t dot = gguf.rfind('.');
  if (dot == std::string_view::npos)
    return std::nullopt;
  const std::string_view ending = gguf.substr(dot);
  std::string_view stem = gguf.substr(0, dot);
  if (ending != ".weight" && ending != ".bias")
    return std::nullopt;
  if (!stem.starts_with("blk.")) {
    const auto outer = find(kOuter, stem);
    return outer ? std::optional(std::string(*outer) + std::string(ending)) : std::nullopt;
  }
  stem.remove_prefix(4);
  const size_t end = stem.find('.');
  if (end == std::string_view::npos || !isLayerNumber(stem.substr(0, end)))
    return std::nullopt;
  const std::string layer = "model.layers." + std::string(stem.substr(0, end)) + ".";
  // Old files store the rotary frequencies, which follow from the config.
  if (stem.substr(end + 1) == "attn_rot_embd" && ending == ".weight")
    return layer + "self_attn.rotary_emb.inv_freq";
  const auto inner = find(kLayer, stem.substr(end + 1));
  return inner ? std::optional(layer + std::string(*inner) + std::string(ending)) : std::nullopt;
}

std::vector<TensorInfo> ggufTensors(const GgufHeader &header, int64_t heads, int64_t kvHeads) {
  std::vector<TensorInfo> out;
  for (const GgufTensor &tensor : header.tensors) {
    if (tensor.name == "rope_freqs.weight")
      continue;
    TensorInfo info;
    const auto known = modelTensorName(tensor.name);
    info.name = known.value_or(std::string(tensor.name));
    if (info.name != tensor.name)
      info.storedName = tensor.name;
    info.type = tensor.type;
    info.shape.assign(tensor.sizes.begin(), tensor.sizes.begin() + tensor.rank);
    std::reverse(info.shape.begin(), info.shape.end());
    info.offset = tensor.offset;
    info.bytes = tensor.bytes;
    info.headerByte = tensor.at;
    if (known && info.name.find(".self_attn.q_proj.") != std::string::npos)
      info.interleavedHeads = heads;
    if (known && info.name.find(".self_attn.k_proj.") != std::string::npos)
      info.interleavedHeads = kvHeads;
    out.push_back(std::move(info));
  }
  return out;
}

} // namespace tenon
