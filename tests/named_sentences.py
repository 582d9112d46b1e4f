"""Sentences of our own making with invented persons, each name in ⟦ ⟧; many have none.

Written before the detector was run on them, and not used to tune it: what is missed here stays
missed. Nobody in them is meant to be anyone.
"""

SENTENCES = """
정보화담당관실 ⟦김서준⟧ 사무관은 2019년 5월 회의에 참석하였다.
⟦이도현⟧ 과장과 ⟦박지우⟧ 주무관이 실증랩 개소식을 준비했다.
법무부 장관은 국정감사에서 그날 처음 알았다고 답했다.
이상행동 추적 사업은 2021년 10월까지 진행되었다.
담당자: 출입국심사과 ⟦최하늘⟧ (02-2110-4321)
작성자 ⟦정유진⟧, 검토자 ⟦오세린⟧
기자 ⟦한도윤⟧이 현장을 취재했다.
정밀 검사 결과 이상이 없었다.
인공지능 식별추적시스템 전담 과장을 새로 두기로 했다.
⟦남궁서윤⟧ 변호사가 대리한 사건이다.
⟦황보준⟧ 교수는 개인정보 보호법 제15조제3항을 설명했다.
심의위원은 모두 아홉 명이며 상임위원은 두 명이다.
피심인 측은 위탁 사실을 공개하지 않았다고 인정했다.
⟦서이안⟧은 2005년부터 출입국 기록이 남아 있었다.
청구인 ⟦문채아⟧ 외 19명이 분쟁조정을 신청했다.
공동 대표와 상임 이사가 기자회견에 나왔다.
⟦윤슬⟧ 활동가는 데이터를 모두 파기하라고 요구했다.
⟦김민⟧ 씨와 ⟦강산⟧ 씨가 열람을 청구했다.
국회의원 ⟦임다온⟧의 요구로 자료가 제출되었다.
주민등록번호 앞자리와 여권번호는 수집하지 않는다.
인천공항 출입국·외국인청장은 회의에 참석하지 않았다.
⟦장미란⟧, ⟦배수아⟧, ⟦조은별⟧이 위원으로 위촉되었다.
참석자: 법무부 ⟦권태오⟧ 서기관, 과기정통부 ⟦신예나⟧ 사무관
정책 국장과 안전 과장은 자리에 없었다.
⟦왕웨이⟧ 씨는 2018년에 두 번 입국했다.
⟦스테판 밀러⟧ 씨의 여권은 한 번만 읽혔다.
개인정보보호위원회 위원장은 결과를 발표했다.
The request was signed by ⟦Dana Whitfield⟧, director of records.
Rep. ⟦Cho Yoon-ah⟧ asked for the contracts; the ministry sent none.
⟦Minseo Kang⟧ of the lab wrote that the logs had been deleted.
Prof. ⟦Hwang Tae-il⟧ and Dr. ⟦Olena Petrenko⟧ reviewed the results.
The Minister of Justice said that no footage was used.
Deputy Director General for Border Management declined to comment.
Detective ⟦Russo⟧ asked for a search on 3 May 2018.
From: ⟦Lee Garam⟧ <garam.lee@example.go.kr>
To: records@example.org; Cc: ⟦Jonas Weber⟧ <jonas@example.de>
Mr. ⟦Baek⟧ told the panel that the gates began in 2008.
According to the Personal Information Protection Act, consent was needed.
⟦Ahn Jiho⟧ and ⟦Seo Nari⟧ tested the terminal at gate 27.
The trooper, ⟦K. Alvarez⟧, filed the form without a case number.
""".strip().splitlines()

# The second set, written after the first had been used to mend the detector: this one was not.
HELD_OUT = """
이민정책과 ⟦유나경⟧ 서기관이 답변서를 기안했다.
⟦송하율⟧ 국장은 예산 450억 원을 설명하였다.
보안 담당자 ⟦전시윤⟧에게 문의하면 된다.
문의: 홍보담당관실 ⟦노아인⟧ 주무관, 전화 02-503-7000
2021년 12월 20일 법무부가 정보를 공개했다.
헌법재판소는 재판관 전원일치 의견으로 각하했다.
⟦주다인⟧ 판사는 신청을 받아들이지 않았다.
주임 교수와 전임 연구원이 함께 일했다.
⟦선우진⟧ 대표이사가 계약서에 서명했다.
수탁 기업 24곳 가운데 8곳만 이름이 알려졌다.
⟦민서아⟧와 ⟦고은솔⟧은 실증랩에서 일했다.
⟦차은결⟧ 연구원의 노트북에서 파일이 나왔다.
민간 위원 세 명이 회의에 빠졌다.
이 사건의 청구인은 ⟦하지안⟧ 등 열두 명이다.
변호사 ⟦엄태리⟧, 변호사 ⟦공유빈⟧이 함께 대리했다.
조사총괄과장은 2022년 4월 27일 결과를 설명했다.
⟦홍⟧ 과장은 그런 지시를 한 적이 없다고 말했다.
⟦원이재⟧ 경위가 영상 열람을 요청했다.
⟦나탈리아 코발⟧은 인천공항에서 두 시간을 기다렸다.
⟦응우옌 티 흐엉⟧ 씨의 지문은 다시 채취되었다.
성명 ⟦안채린⟧ 생년월일 1988. 3. 2.
⟦변우석진⟧ 실장이 사업을 총괄하였다.
이용 약관과 처리 방침을 확인하였다.
위 사람은 2020년 7월 23일 상암동을 방문했다.
보낸 사람: ⟦길서윤⟧ <gil@example.kr>
발언자는 사업이 위법하다고 하지 않았다.
⟦곽도하⟧ 사무총장과 ⟦우주연⟧ 간사가 서명을 전달했다.
국토부 장관과 고용부 차관이 나란히 앉았다.
The complaint names ⟦Kwak Doha⟧ and two officials.
⟦Yeon-woo Nam⟧ said the agreement could not be cancelled.
Ms. ⟦Ingrid Solheim⟧ counted four alerts at the gate.
⟦Peter Aldous⟧, a researcher, asked for the watchlist.
The Director of Public Prosecutions was not a party.
Justice Ministry officials met the Science Ministry in April 2019.
Sgt. ⟦Delgado⟧ requested two searches in one week.
Lawmakers asked whether the cameras had been used.
⟦Im Sol⟧ resigned after the report was published.
To: ⟦Marta Ruiz⟧ <m.ruiz@example.org>
The minutes were taken by ⟦T. Okafor⟧ and ⟦Lena Fischer⟧.
Commissioner ⟦Seo⟧ abstained from the vote on Article 26.
""".strip().splitlines()
