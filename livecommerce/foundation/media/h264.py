"""What the packager must know of H.264: parameter sets, picture size, key frames (ITU-T H.264 7.3.2.1, 7.4.1)."""

from dataclasses import dataclass

SLICE, IDR, SEI, SPS, PPS, DELIMITER, FILLER = 1, 5, 6, 7, 8, 9, 12
MAX_SIDE = 4096
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class MalformedParameterSets(ValueError):
    """The stream's SPS or PPS cannot be read."""


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The SPS and PPS a decoder is initialised with; equal values mean that one init segment serves both."""

    sps: bytes
    pps: bytes
    width: int
    height: int

    @classmethod
    def of(cls, sps: bytes, pps: bytes) -> "ParameterSets":
        """Parse them; raise MalformedParameterSets when they are cut short or describe an absurd picture."""
        if len(sps) < 4 or not pps:
            raise MalformedParameterSets("parameter sets are cut short")
        width, height = _picture_size(sps)
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise MalformedParameterSets(f"a picture of {width}x{height} is not accepted")
        return cls(sps, pps, width, height)

    @property
    def codec(self) -> str:
        """The RFC 6381 name, such as `avc1.42c01f`."""
        return f"avc1.{self.sps[1:4].hex()}"


def nal_type(nal: bytes) -> int:
    """nal_unit_type of a NAL unit without start code."""
    return nal[0] & 0x1F


def _picture_size(sps: bytes) -> tuple[int, int]:
    bits = _Bits(_unescaped(sps[4:]))
    profile = sps[1]
    bits.exp_golomb()  # seq_parameter_set_id
    chroma = _skip_high_profile_fields(bits) if profile in _HIGH_PROFILES else 1
    bits.exp_golomb()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.exp_golomb()  # max_num_ref_frames
    bits.read(1)  # gaps_in_frame_num_value_allowed_flag
    columns, rows = bits.exp_golomb() + 1, bits.exp_golomb() + 1
    is_progressive = bits.read(1)
    if not is_progressive:
        bits.read(1)  # mb_adaptive_frame_field_flag
    bits.read(1)  # direct_8x8_inference_flag
    left, right, top, bottom = (bits.exp_golomb() for _ in range(4)) if bits.read(1) else (0, 0, 0, 0)
    step_x = 2 if chroma in (1, 2) else 1
    step_y = (2 if chroma == 1 else 1) * (2 - is_progressive)
    return columns * 16 - (left + right) * step_x, rows * 16 * (2 - is_progressive) - (top + bottom) * step_y


def _skip_high_profile_fields(bits: "_Bits") -> int:
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.read(1)  # separate_colour_plane_flag
    bits.exp_golomb()  # bit_depth_luma_minus8
    bits.exp_golomb()  # bit_depth_chroma_minus8
    bits.read(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.read(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_exp_golomb()) % 256
        last = following or last


def _skip_picture_order(bits: "_Bits") -> None:
    kind = bits.exp_golomb()
    if kind == 0:
        bits.exp_golomb()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.read(1)  # delta_pic_order_always_zero_flag
        bits.signed_exp_golomb()
        bits.signed_exp_golomb()
        for _ in range(min(bits.exp_golomb(), 255)):
            bits.signed_exp_golomb()


def _unescaped(payload: bytes) -> bytes:
    """Remove emulation prevention bytes (7.4.1.1)."""
    return payload.replace(b"\x00\x00\x03", b"\x00\x00")


class _Bits:
    """A bit reader that refuses to read past the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def read(self, count: int) -> int:
        if count > self._left:
            raise MalformedParameterSets("SPS is cut short")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def exp_golomb(self) -> int:
        """ue(v), 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 31:
                raise MalformedParameterSets("SPS holds an impossible number")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed_exp_golomb(self) -> int:
        """se(v), 9.1.1."""
        code = self.exp_golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)
