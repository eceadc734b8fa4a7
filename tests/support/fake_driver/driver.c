/* A libcuda whose answers are fixed at compile time: INIT_STATUS, CUDA_VERSION, DEVICES; where WORKS is defined, devices can be
 * opened, and their kernels do nothing. */
#include <string.h>

int cuInit(unsigned flags) { return flags ? 1 : INIT_STATUS; }
int cuDriverGetVersion(int *version) { *version = CUDA_VERSION; return 0; }
int cuDeviceGetCount(int *count) { *count = DEVICES; return 0; }

#if CUDA_VERSION >= 12000
int cuGetErrorName(int status, const char **name) {
    *name = status == 999 ? "CUDA_ERROR_UNKNOWN" : status == 46 ? "CUDA_ERROR_DEVICE_UNAVAILABLE" : 0;
    return *name ? 0 : 1;
}
int cuGetErrorString(int status, const char **text) { return cuGetErrorName(status, text); }
int cuDeviceGet(int *handle, int index) { *handle = index + 40; return index < DEVICES ? 0 : 101; }
int cuDeviceGetName(char *name, int length, int handle) {
    strncpy(name, handle == 40 ? "Fake GPU" : "Fake GPU MIG 1g.10gb", length);
    return 0;
}
int cuDeviceGetUuid_v2(unsigned char *uuid, int handle) { memset(uuid, handle, 16); return 0; }
int cuDeviceTotalMem_v2(unsigned long *bytes, int handle) { *bytes = handle == 40 ? 1ul << 34 : 1ul << 33; return 0; }
int cuDeviceGetAttribute(int *value, unsigned attribute, int handle) {
    /* 97: shared memory that a block may ask for. */
    *value = attribute == 97 ? 163 << 10 : attribute == 75 ? 8 : handle - 40;
    return 0;
}
#ifdef WORKS
#include "memory.h"
#else
/* CUDA_ERROR_DEVICE_UNAVAILABLE: another program has the device for itself. */
int cuDevicePrimaryCtxRetain(void **context, int handle) { *context = 0; return 46; }
#endif
#endif
