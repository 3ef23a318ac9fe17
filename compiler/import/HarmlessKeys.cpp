// The keys of config.json that no family needs to read: they say how the model was saved, trained, or how text is drawn
// from its logits, not what the logits are. A key that could change them is listed only with the one value that does
// not.
#include "compiler/import/ConfigReader.h"

namespace tenon {

static constexpr std::string_view kSaved = "written by tools, not read by the model";
static constexpr std::string_view kTraining = "used in training only";
static constexpr std::string_view kSampling =
    "how text is drawn from the logits; generation_config.json has a say, the graph has not";
static constexpr std::string_view kOutputs = "which tensors the Python model returns";
static constexpr std::string_view kTokens = "a token id or tokenizer setting that the graph does not use";
static constexpr std::string_view kKernel = "which implementation Python picks for the same function";
static constexpr std::string_view kClassifier = "labels of a classification head, which text generation lacks";

// Sorted by key (a test checks it).
static constexpr HarmlessKey kHarmless[] = {
    {"_attn_implementation", "", kKernel},
    {"_attn_implementation_autoset", "", kKernel},
    {"_commit_hash", "", kSaved},
    {"_flash_attn_2_enabled", "", kKernel},
    {"_name_or_path", "", kSaved},
    {"add_cross_attention", "false", "cross-attention would add layers"},
    {"attention_dropout", "", kTraining},
    {"attn_implementation", "", kKernel},
    {"bad_words_ids", "", kSampling},
    {"begin_suppress_tokens", "", kSampling},
    {"chunk_size_feed_forward", "", "splits the same computation"},
    {"decoder_start_token_id", "", kTokens},
    {"diversity_penalty", "", kSampling},
    {"do_sample", "", kSampling},
    {"early_stopping", "", kSampling},
    {"embd_pdrop", "", kTraining},
    {"encoder_no_repeat_ngram_size", "", kSampling},
    {"exponential_decay_length_penalty", "", kSampling},
    {"finetuning_task", "", kSaved},
    {"forced_bos_token_id", "", kSampling},
    {"forced_eos_token_id", "", kSampling},
    {"hidden_dropout", "", kTraining},
    {"hidden_dropout_prob", "", kTraining},
    {"id2label", "", kClassifier},
    {"initializer_range", "", kTraining},
    {"is_decoder", "", "the families compiled here always decode"},
    {"is_encoder_decoder", "false", "an encoder would add layers"},
    {"is_llama_config", "true", "another value means another architecture"},
    {"label2id", "", kClassifier},
    {"length_penalty", "", kSampling},
    {"max_length", "", kSampling},
    {"max_sequence_length", "", "an old name for the training length; max_position_embeddings counts"},
    {"min_length", "", kSampling},
    {"no_repeat_ngram_size", "", kSampling},
    {"num_beam_groups", "", kSampling},
    {"num_beams", "", kSampling},
    {"num_return_sequences", "", kSampling},
    {"output_attentions", "", kOutputs},
    {"output_hidden_states", "", kOutputs},
    {"output_scores", "", kOutputs},
    {"pad_token_id", "", kTokens},
    {"partial_rotary_factor", "1", "another value rotates part of each head only"},
    {"prefix", "", kTokens},
    {"pretraining_tp", "1", "another value sums the linear layers in slices"},
    {"problem_type", "", kClassifier},
    {"pruned_heads", "{}", "pruned heads change the shapes"},
    {"remove_invalid_values", "", kSampling},
    {"repetition_penalty", "", kSampling},
    {"resid_pdrop", "", kTraining},
    {"return_dict", "", kOutputs},
    {"return_dict_in_generate", "", kOutputs},
    {"rope_interleaved", "false", "another value rotates neighbouring pairs instead of halves"},
    {"sep_token_id", "", kTokens},
    {"suppress_tokens", "", kSampling},
    {"task_specific_params", "", kSampling},
    {"temperature", "", kSampling},
    {"tf_legacy_loss", "", kTraining},
    {"tie_encoder_decoder", "", "there is no encoder"},
    {"tokenizer_class", "", kTokens},
    {"top_k", "", kSampling},
    {"top_p", "", kSampling},
    {"torchscript", "", kKernel},
    {"transformers.js_config", "", kSaved},
    {"transformers_version", "", kSaved},
    {"typical_p", "", kSampling},
    {"unsloth_fixed", "", kSaved},
    {"unsloth_version", "", kSaved},
    {"use_bfloat16", "false", "the weights' own type counts"},
    {"use_cache", "", "the KV cache changes the speed, not the result"},
};

std::span<const HarmlessKey> harmlessKeys() { return kHarmless; }

} // namespace tenon
