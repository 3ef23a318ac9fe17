// The tensors of a GGUF file under the names that the model families know, shapes outermost first.
//
// llama.cpp's converter reorders the rows of each query and key head, because ggml's rotary embedding turns neighbours
// where transformers' turns halves: within a head, file row 2 i + h is model row h * headSize / 2 + i. The TensorInfo
// says so (interleavedHeads); reading undoes it.
#pragma once

#include "compiler/import/Gguf.h"
#include "compiler/import/TensorInfo.h"

#include <optional>

namespace tenon {

// "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight"; nullopt for a name that the architecture lacks.
std::optional<std::string> modelTensorName(std::string_view gguf);

// All tensors but rope_freqs.weight, which is part of the config. A name that is not known stays as it is, so that the
// family refuses it as a tensor that it does not use.
std::vector<TensorInfo> ggufTensors(const GgufHeader &header, int64_t heads, int64_t kvHeads);

} // namespace tenon
