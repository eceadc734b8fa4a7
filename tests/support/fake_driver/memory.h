/* Queues and memory of the fake driver: nothing is computed, but who breaks a rule of the real one is told and stopped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST, DEVICE, KINDS, MOST = 4096, COMPUTE = 1, COPIES = 2, QUEUES = 3 };
struct memory {
    char *at;
    size_t bytes;
};
static struct memory memory[KINDS][MOST];
static int queues, launched[QUEUES], context_alive, pinned_made, transports;

static void broken(const char *rule) {
    fprintf(stderr, "fake driver: %s\n", rule);
    abort();
}
static struct memory *holder(int kind, const void *at, size_t bytes) {
    const char *from = at;
    for (struct memory *m = memory[kind]; m < memory[kind] + MOST; ++m) {
        if (m->at && from >= m->at && from + bytes <= m->at + m->bytes) return m;
    }
    return 0;
}
static void *made(int kind, size_t bytes) {
    struct memory *m = memory[kind];
    while (m->at) ++m;
    *m = (struct memory){calloc(1, bytes), bytes};
    return m->at;
}
static int ended(int kind, void *at) {
    struct memory *m = holder(kind, at, 0);
    if (!context_alive) broken("memory is freed after its context");
    if (!m) broken("memory is freed twice");
    free(m->at);
    m->at = 0;
    return 0;
}
static int alive(int kind) {
    int count = 0;
    for (int i = 0; i < MOST; ++i) count += memory[kind][i].at != 0;
    return count;
}

int cuDevicePrimaryCtxRetain(void **context, int handle) { *context = memory; return context_alive = 1, 0; }
int cuDevicePrimaryCtxRelease_v2(int handle) {
    if (alive(HOST) || alive(DEVICE)) broken("memory outlives its context");
    fprintf(stderr, "fake driver: pinned memory made %d times\nfake driver: transport launched %d times\n", pinned_made, transports);
    return context_alive = 0;
}
int cuCtxGetCurrent(void **context) { *context = context_alive ? memory : 0; return 0; }
int cuCtxSetCurrent(void *context) { return 0; }
int cuMemGetInfo_v2(size_t *free_bytes, size_t *all) { *free_bytes = *all = 1ul << 30; return 0; }

int cuMemAlloc_v2(void **at, size_t bytes) { *at = made(DEVICE, bytes); return 0; }
int cuMemFree_v2(void *at) {
    if (launched[COMPUTE]) broken("memory is freed under a kernel");
    return ended(DEVICE, at);
}
int cuMemHostAlloc(void **at, size_t bytes, unsigned flags) { *at = made(HOST, bytes); return ++pinned_made, 0; }
int cuMemFreeHost(void *at) { return ended(HOST, at); }

static int copied(void *to, int to_kind, const void *from, int from_kind, size_t bytes) {
    if (!holder(HOST, to_kind == HOST ? to : from, bytes) && to_kind != from_kind) broken("pageable memory in a queue");
    if (!holder(to_kind, to, bytes) || !holder(from_kind, from, bytes)) broken("a copy leaves its memory");
    memmove(to, from, bytes);
    return 0;
}
int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *queue) { return copied(to, DEVICE, from, HOST, bytes); }
int cuMemcpyDtoHAsync_v2(void *to, void *from, size_t bytes, void *queue) { return copied(to, HOST, from, DEVICE, bytes); }
int cuMemcpyDtoDAsync_v2(void *to, void *from, size_t bytes, void *queue) { return copied(to, DEVICE, from, DEVICE, bytes); }
int cuMemsetD8Async(void *at, unsigned char value, size_t bytes, void *queue) {
    if (!holder(DEVICE, at, bytes)) broken("clearing leaves its memory");
    return memset(at, value, bytes), 0;
}

int cuStreamCreate(long *queue, unsigned flags) { *queue = 1 + queues++ % 2; return 0; }
int cuStreamDestroy_v2(long queue) { return 0; }
int cuStreamSynchronize(long queue) { return launched[queue] = 0; }
int cuStreamWaitEvent(long queue, void *event, unsigned flags) { return 0; }
int cuEventCreate(void **event, unsigned flags) { *event = made(HOST, 1); return 0; }
int cuEventDestroy_v2(void *event) { return ended(HOST, event); }
int cuEventRecord(void *event, long queue) { return 0; }
int cuEventQuery(void *event) { return 0; }
int cuEventSynchronize(void *event) { return 0; }
int cuModuleLoadData(void **module, const void *text) { *module = memory; return 0; }
int cuModuleUnload(void *module) { return 0; }
int cuModuleGetFunction(void **function, void *module, const char *name) { *function = strdup(name); return 0; }
int cuFuncSetAttribute(void *function, int attribute, int value) { return 0; }
int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   long queue, void **arguments, void **extra) {
    transports += strncmp(function, "transport", 9) == 0;
    launched[queue] = 1;
    return 0;
}
