"""One program under comparison, in a process of its own: reads `prefill TOKENS` and `decode STEPS BATCH` lines, answers with seconds or `cannot: WHY`.

usage: worker.py NAME MODEL THREADS

The first time it meets a line it does that work once untimed; before every timed burst stands a short one.
"""

import itertools
import sys
import time

CONTEXT = 8  # tokens of each sequence before the steps of a decode


class Program:
    calls = itertools.count()

    def prompt(self, tokens):
        """Ids that no earlier prompt began with, so that no cache of prompts answers."""
        call = next(self.calls)
        return [300 + (7919 * i + 104729 * call) % 20000 for i in range(tokens)]


class Generator(Program):
    """A program that only generates: `generate(prompts, n)` runs the prompts and n - 1 steps more."""

    def prefill(self, tokens):
        return self.generate([self.prompt(tokens)], 1)

    def decode(self, steps, batch):
        def prompts():
            return [self.prompt(CONTEXT) for _ in range(batch)]

        short = self.generate(prompts(), 1)
        return self.generate(prompts(), steps + 1) - short


class CTranslate2(Generator):
    def __init__(self, model, threads):
        import ctranslate2

        # The compute type is that of the folder's weights; activations are 8 bits with a scale for each row.
        self.generator = ctranslate2.Generator(model, device="cpu", compute_type="default", inter_threads=1, intra_threads=threads)

    def generate(self, prompts, steps):
        tokens = [[f"w{i}" for i in ids] for ids in prompts]
        start = time.perf_counter()
        self.generator.generate_batch(
            tokens, max_length=steps, min_length=steps, include_prompt_in_result=False, sampling_topk=1, cache_static_prompt=False)
        return time.perf_counter() - start

    def prefill(self, tokens):
        # It runs all tokens but the last at once, then the last as a step of its own, which is taken off.
        return self.generate([self.prompt(tokens + 1)], 1) - self.generate([self.prompt(1)], 1)


class OpenVinoGguf(Generator):
    """Its pipeline for text, which reads GGUF files."""

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


class OpenVino(Program):
    """Its runtime, asked step by step as its pipelines ask it."""

    def __init__(self, model, threads):
        import numpy
        import openvino

        self.numpy = numpy
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        self.request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()

    def step(self, ids, past):
        ids = self.numpy.array(ids, self.numpy.int64)
        batch, length = ids.shape
        self.request.infer({
            "input_ids": ids,
            "attention_mask": self.numpy.ones((batch, past + length), self.numpy.int64),
            "position_ids": self.numpy.tile(self.numpy.arange(past, past + length), (batch, 1)),
            "beam_idx": self.numpy.arange(batch, dtype=self.numpy.int32),
        })

    def prefill(self, tokens):
        self.request.reset_state()
        ids = [self.prompt(tokens)]
        start = time.perf_counter()
        self.step(ids, 0)
        return time.perf_counter() - start

    def decode(self, steps, batch):
        self.request.reset_state()
        self.step([self.prompt(CONTEXT) for _ in range(batch)], 0)
        start = time.perf_counter()
        for step in range(steps):
            self.step([[300 + step]] * batch, CONTEXT + step)
        return time.perf_counter() - start


class LlamaCpp(Program):
    SEQUENCES = 8

    def __init__(self, model, threads):
        import llama_cpp

        self.api = api = llama_cpp
        api.llama_backend_init()
        self.silent = api.llama_log_callback(lambda *_: None)
        api.llama_log_set(self.silent, None)
        self.model = api.llama_model_load_from_file(model.encode(), api.llama_model_default_params())
        params = api.llama_context_default_params()
        # Each sequence has its own share of the context.
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = 1024 * self.SEQUENCES, 512, 512, self.SEQUENCES
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
        if tokens > 512:
            raise NotImplementedError("prompts are run as one batch of at most 512")
        self.clear()
        ids = self.prompt(tokens)
        start = time.perf_counter()
        self.step([(token, i, 0, i == tokens - 1) for i, token in enumerate(ids)])
        self.api.llama_synchronize(self.context)
        return time.perf_counter() - start

    def decode(self, steps, batch):
        if batch > self.SEQUENCES:
            raise NotImplementedError(f"the context has {self.SEQUENCES} sequences")
        self.clear()
        for sequence in range(batch):
            self.step([(token, i, sequence, False) for i, token in enumerate(self.prompt(CONTEXT))])
        self.api.llama_synchronize(self.context)
        start = time.perf_counter()
        for step in range(steps):
            self.step([(300 + step, CONTEXT + step, sequence, True) for sequence in range(batch)])
        self.api.llama_synchronize(self.context)
        return time.perf_counter() - start


PROGRAMS = {"ctranslate2": CTranslate2, "openvino": OpenVino, "openvino-gguf": OpenVinoGguf, "llama.cpp": LlamaCpp}


def main():
    name, model, threads = sys.argv[1:]
    program = PROGRAMS[name](model, int(threads))
    print("ready", flush=True)
    met = set()
    for line in sys.stdin:
        phase, *numbers = line.split()
        numbers = list(map(int, numbers))
        run = getattr(program, phase)
        try:
            if line not in met:
                met.add(line)
                run(*numbers)
            run(*([16] if phase == "prefill" else [2, numbers[1]]))
            print(run(*numbers), flush=True)
        except NotImplementedError as error:
            print(f"cannot: {error}", flush=True)


if __name__ == "__main__":
    main()
