"""The Chinese names of the fields, and the JSON Schema that editors' YAML servers read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.model import ServicePackage

CLASS_NAMES: Mapping[str, str] = {
    "ServicePackage": "条目：一件“一件事”或一个事项",
    "Confidence": "把握：high 官方且本地或全国；medium 别省官方或转述；low 非官方",
    "Declarable": "告知承诺：签承诺书代替这份材料",
    "Deferrable": "容缺：先受理，后补这份材料",
    "Exempt": "免提交：不用带，窗口调取、亮码或系统填好",
    "ExemptBy": "免提交的办法：e_certificate 电子证照；shared_data 数据共享；filled_form 系统填表",
    "Fee": "收费",
    "HandIn": "交哪种：original 原件；copy 复印件；upload 上传",
    "Item": "事项",
    "Kind": "种类：package 一件事；item 单个事项",
    "LegalBasis": "法律依据",
    "Limit": "时限",
    "Location": "办理地点",
    "Material": "材料",
    "Note": "一句事实",
    "Online": "网办程度：full 全程网办；then_window 网办后到窗；window 只能到窗",
    "OnlineChannel": "网上办理的入口",
    "Option": "选项",
    "Override": "县区口径：同 id 的替换全市的，其余的添上",
    "Period": "一段时间",
    "Permission": "是否允许",
    "Question": "问题（情形）",
    "Route": "办理方式",
    "Source": "来源",
    "Step": "步骤",
    "Unit": "单位：working_day 工作日；calendar_day 自然日；month 月",
}

FIELD_NAMES: Mapping[str, str] = {
    "address": "地址",
    "after_closing": "过了最晚申请日怎么办",
    "after_closing_text": "过期后的说明",
    "after_step": "哪一步之后才有电子证照",
    "agent": "能否代办",
    "ahead": "最早提前多久",
    "aliases": "群众的说法",
    "allowed": "是否允许",
    "amount": "金额",
    "answer": "回答",
    "any_of": "任选一样的组",
    "ask": "问句",
    "audience": "适用对象",
    "by": "免提交的办法",
    "certificate_kinds": "办下来的证照种类",
    "channels": "网上入口",
    "checked_on": "核对日期",
    "closes": "最晚到期前多久申请",
    "code": "代码",
    "conditions": "条件",
    "confidence": "把握",
    "confirmed_by": "确认单位",
    "consequence": "承诺不实的后果",
    "copies": "复印件份数",
    "days": "天数",
    "declarable": "可承诺",
    "deferrable": "可后补",
    "department": "部门",
    "district": "区县",
    "districts": "区县",
    "e_certificate": "电子证照",
    "editor_notes": "编辑备注",
    "elsewhere": "能否异地办",
    "excluded": "不能承诺的人",
    "exempt": "免提交",
    "expires_on": "停用日期",
    "extension": "延伸服务",
    "fallback": "调不到时怎么办",
    "fees": "收费",
    "first": "先问",
    "follow_on": "可接着办的条目",
    "follow_on_answers": "接着办的清单先答好的问题",
    "from_on": "开始日期",
    "gives": "拿到什么",
    "golden": "必须认得的问法",
    "hand_in": "交原件还是复印件",
    "handled_at": "在哪里办",
    "holder": "谁的",
    "hotlines": "咨询电话",
    "hours": "办公时间",
    "how": "怎么做",
    "id": "编号",
    "issuer": "谁出具",
    "item": "事项",
    "items": "事项",
    "kind": "种类",
    "label": "按钮文字",
    "late": "逾期后果",
    "legal_basis": "法律依据",
    "limits": "时限",
    "locations": "办理地点",
    "materials": "材料",
    "name": "名称",
    "names": "别的叫法",
    "not_supported": "办不了的情形",
    "note": "备注",
    "notes": "说明",
    "online": "网办程度",
    "opens": "到期前多久可申请",
    "optional": "可带可不带",
    "options": "选项",
    "overrides": "县区口径",
    "owner": "负责部门",
    "papers_after": "网办后到窗交的材料",
    "path": "网上路径",
    "paused": "暂停原因",
    "periodic_check": "年检年报",
    "phone": "电话",
    "phrase": "接在“如果”后面的话",
    "phrases": "说法",
    "pieces": "件数",
    "place": "地点",
    "places": "大厅",
    "prepare": "要想好、备好的信息",
    "published_on": "文件日期",
    "questions": "问题",
    "reason": "为什么要",
    "renewal_answers": "延续清单先答好的问题",
    "renewable": "能不能延续",
    "renewal_entry": "延续的条目",
    "renewal_text": "延续说明",
    "renews": "能办哪些证照的延续",
    "result": "结果",
    "results": "结果",
    "review_on": "复核日期",
    "routes": "办理方式",
    "sample": "示例",
    "serves": "用于哪些事项",
    "shared": "共用材料",
    "short_name": "短名",
    "source": "来源",
    "sources": "来源",
    "steps": "步骤",
    "summary": "一两句说明",
    "text": "文字",
    "title": "标题",
    "to_on": "结束日期",
    "traps": "容易白跑的地方",
    "unit": "单位",
    "url": "网址",
    "valid_from": "生效日期",
    "valid_to": "失效日期",
    "validity": "有效期",
    "validity_years": "有效年数",
    "value": "数目",
    "wait": "要等多久",
    "when": "适用情形",
    "where": "在哪里",
    "why": "为什么问",
    "window": "窗口",
    "windows": "窗口",
    "within": "最晚多久之内",
    "without_materials": "不要的材料",
    "words": "预选词",
}


def field_name(field: str) -> str:
    """Return a field's Chinese name, or the field itself where it has none."""
    return FIELD_NAMES.get(field, field)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of an entry file, described in Chinese."""
    schema = ServicePackage.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    for name, definition in (*schema["$defs"].items(), ("ServicePackage", schema)):
        _describe(name, definition)
    return schema


def _describe(name: str, definition: dict[str, Any]) -> None:
    definition["description"] = CLASS_NAMES.get(name, name)
    for field, rule in definition.get("properties", {}).items():
        rule["description"] = _description(field, rule.get("description"))
        rule.pop("title", None)


def _description(field: str, own: str | None) -> str:
    name = field_name(field)
    return name if own is None else f"{name}：{own}"
