"""One program under comparison, in a process of its own: reads `prefill TOKENS` and `decode STEPS BATCH` lines, answers with seconds or `cannot`.

usage: worker.py NAME MODEL THREADS
"""

import sys
import time


def prompt(tokens, offset=0):
    return [300 + (7919 * (i + offset)) % 20000 for i in range(tokens)]


class Generator:
    """A program that only generates: what `steps` tokens after prompts take, the first of which is the prefill."""

    def prefill(self, tokens):
        return self.generate([prompt(tokens)], 1)

    def decode(self, steps, batch):
        prompts = [prompt(8, offset) for offset in range(batch)]
        return self.generate(prompts, steps + 1) - self.generate(prompts, 1)


class CTranslate2(Generator):
    def __init__(self, model, threads):
        import ctranslate2

        # The compute type is that of the folder's weights.
        self.generator = ctranslate2.Generator(model, device="cpu", compute_type="default", inter_threads=1, intra_threads=threads)

    def generate(self, prompts, steps):
        tokens = [[f"w{i}" for i in ids] for ids in prompts]
        start = time.perf_counter()
        self.generator.generate_batch(tokens, max_length=steps, min_length=steps, include_prompt_in_result=False, sampling_topk=1)
        return time.perf_counter() - start


class OpenVino(Generator):
    def __init__(self, model, threads):
        import numpy
        import openvino
        import openvino_genai

        self.genai, self.openvino, self.numpy = openvino_genai, openvino, numpy
        self.pipeline = openvino_genai.LLMPipeline(model, "CPU", INFERENCE_NUM_THREADS=threads)

    def generate(self, prompts, steps):
        if len(prompts) != 1:
            raise NotImplementedError("its pipeline takes one sequence of ids")
        ids = self.openvino.Tensor(self.numpy.array(prompts, dtype=self.numpy.int64))
        config = self.genai.GenerationConfig()
        config.max_new_tokens = config.min_new_tokens = steps
        config.ignore_eos = True
        config.do_sample = False
        start = time.perf_counter()
        self.pipeline.generate(ids, config)
        return time.perf_counter() - start


class LlamaCpp:
    def __init__(self, model, threads):
        import llama_cpp

        self.api = api = llama_cpp
        api.llama_backend_init()
        api.llama_log_set(api.llama_log_callback(lambda *_: None), None)
        self.model = api.llama_model_load_from_file(model.encode(), api.llama_model_default_params())
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = 4096, 512, 512, 16
        params.n_threads = params.n_threads_batch = threads
        self.context = api.llama_init_from_model(self.model, params)
        self.batch = api.llama_batch_init(512, 0, 1)

    def step(self, rows):
        """rows of (token, position, sequence, wants logits)"""
        batch = self.batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, logits) in enumerate(rows):
            batch.token[i], batch.pos[i] = token, position
            batch.n_seq_id[i], batch.logits[i] = 1, logits
            batch.seq_id[i][0] = sequence
        if self.api.llama_decode(self.context, batch) != 0:
            raise RuntimeError("llama_decode failed")

    def clear(self):
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)

    def prefill(self, tokens):
        self.clear()
        ids = prompt(tokens)
        start = time.perf_counter()
        for first in range(0, tokens, 512):
            part = ids[first : first + 512]
            self.step([(token, first + i, 0, first + i == tokens - 1) for i, token in enumerate(part)])
        self.api.llama_synchronize(self.context)
        return time.perf_counter() - start

    def decode(self, steps, batch):
        self.clear()
        for sequence in range(batch):
            self.step([(token, i, sequence, False) for i, token in enumerate(prompt(8, sequence))])
        self.api.llama_synchronize(self.context)
        start = time.perf_counter()
        for step in range(steps):
            self.step([(300 + step, 8 + step, sequence, True) for sequence in range(batch)])
        self.api.llama_synchronize(self.context)
        return time.perf_counter() - start


PROGRAMS = {"ctranslate2": CTranslate2, "openvino": OpenVino, "llama.cpp": LlamaCpp}


def main():
    name, model, threads = sys.argv[1:]
    program = PROGRAMS[name](model, int(threads))
    print("ready", flush=True)
    for line in sys.stdin:
        phase, *numbers = line.split()
        try:
            print(getattr(program, phase)(*map(int, numbers)), flush=True)
        except NotImplementedError:
            print("cannot", flush=True)


if __name__ == "__main__":
    main()
